// holdfast-keys-tpm: the only process that opens the TPM. It may hang or die, and is replaced.
#include <string>

#include "daemon/confine.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/workers/describe.h"
#include "daemon/workers/keys_process.h"
#include "hsm/tpm/tpm.h"

namespace holdfast::daemon {
namespace {

hsm::TpmOptions options_of(const Settings& settings) {
    return {
        .tcti = settings.tpm_tcti,
        .simulator_allowed = settings.tpm_simulator_allowed,
        .nv_base = settings.tpm_nv_base,
        .keys_dir = settings.state_dir + "/keys",
        .owner_auth_file = settings.tpm_owner_auth_file,
        .endorsement_auth_file = settings.tpm_endorsement_auth_file,
        .ek_certificate_dir = settings.tpm_ek_certificate_dir,
        .anchor_pcr = static_cast<std::uint8_t>(settings.register_anchor_pcr),
    };
}

void report(const RegisterStatus& status) {
    if (status.state == RegisterState::broken)
        return log_error("REGISTER BROKEN until the next boot, evidence will fail: " +
                         status.reason);
    if (status.state == RegisterState::absent) return log_warning("no register: " + status.reason);
    log_info("register anchored in PCR " + std::to_string(status.anchor_pcr) + ", " +
             std::to_string(status.events) + " events");
}

Result<encode::Json::Object> described(const Settings& settings) {
    HOLDFAST_TRY(found, hsm::describe_tpm(options_of(settings)));
    encode::Json::Array algorithms;
    for (const KeyAlgorithm algorithm : found.algorithms)
        algorithms.emplace_back(to_string(algorithm));
    encode::Json::Object object;
    object["manufacturer"] = found.manufacturer;
    object["custody"] = to_string(found.custody);
    object["algorithms"] = std::move(algorithms);
    return object;
}

int run(const Settings& settings) {
    auto tpm = hsm::Tpm::open(options_of(settings));
    if (!tpm) return explain(std::move(tpm).error().within("TPM"));
    log_info("TPM by " + (*tpm)->manufacturer() + ", custody " +
             std::string(to_string((*tpm)->custody())));
    report((*tpm)->registrar().status());
    auto live_keys = hsm::LiveKeys::open(settings.state_dir + "/keys");
    if (!live_keys) return explain(std::move(live_keys).error());
    KeysWorker worker({
        .store = (*tpm)->keys(),
        .quoter = (*tpm)->quoter(),
        .registrar = (*tpm)->registrar(),
        .anchor = (*tpm)->anchor(),
        .trust_domain = settings.trust_domain(),
        .ca_certificate_file = settings.state_dir + "/keys/ca.crt",
        .now = unix_now,
        .backend = Backend::tpm,
        .has_tpm = settings.has_tpm(),
        .live_keys = *live_keys,
        .keeps_host_keys = settings.host_keys == to_string(Backend::tpm),
        .token = "",
        .check_token = check_no_token,
    });
    auto prepared = worker.prepare();
    if (!prepared) return explain(std::move(prepared).error().within("own keys"));
    return serve_keys(worker, hsm::connection_lost);
}

}  // namespace
}  // namespace holdfast::daemon

int main(int argc, char** argv) {
    using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a main
    const auto begun = begin_process("keys-tpm");
    if (!begun) return log_error(begun.error().text()), 1;
    const auto settings = inherited_settings();
    if (!settings) return log_error(settings.error().text()), 1;
    const auto confined = confine_process();
    if (!confined) return log_error(confined.error().text()), 1;
    return is_asked_to_describe(argc, argv) ? tell(described(*settings)) : run(*settings);
}
