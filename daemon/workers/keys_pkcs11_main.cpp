// holdfast-keys-pkcs11: the only process that loads a vendor's PKCS#11 module. It may hang or die,
// and is replaced.
#include <fcntl.h>

#include <string>
#include <utility>

#include "daemon/confine.h"
#include "daemon/log.h"
#include "daemon/module_environment.h"
#include "daemon/process.h"
#include "daemon/workers/describe.h"
#include "daemon/workers/describe_token.h"
#include "daemon/workers/keys_process.h"
#include "daemon/workers/without_tpm.h"
#include "holdfast/descriptor.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::daemon {
namespace {

// Asked before anything is opened: the number may be free, and would be the next one given out.
Descriptor inherited_pin() {
    return Descriptor(::fcntl(pin_descriptor, F_GETFD) == -1 ? -1 : pin_descriptor);
}

hsm::Pkcs11Options options_of(const Settings& settings, const Descriptor& pin) {
    return {
        .module = settings.pkcs11_module,
        .token = settings.pkcs11_token,
        .pin_descriptor = pin.get(),
        .software_allowed = settings.pkcs11_software_allowed,
        .keys_dir = settings.state_dir + "/keys",
    };
}

// A token that was taken out may come back; callers shall know meanwhile what is awaited.
int explain_token(const Error& error) {
    const bool is_awaited = error.reason() == "token_missing";
    return is_awaited ? explain_to_callers(error, explain_passing_for) : explain(error);
}

int run(const Settings& settings, Descriptor pin) {
    auto token = hsm::Token::open(options_of(settings, pin));
    pin = Descriptor();  // the old number goes with the temporary
    if (!token) return explain_token(std::move(token).error().within("PKCS#11"));
    const std::string name = "'" + (*token)->label() + "' (serial " + (*token)->serial() + ")";
    log_info("token " + name + " by " + (*token)->manufacturer() + ", custody " +
             std::string(to_string((*token)->custody())));
    auto live_keys = hsm::LiveKeys::open(settings.state_dir + "/keys");
    if (!live_keys) return explain(std::move(live_keys).error());
    QuoterWithoutTpm quoter((*token)->manufacturer());
    RegistrarWithoutTpm registrar;
    AnchorWithoutTpm anchor;
    KeysWorker worker({
        .store = (*token)->keys(),
        .quoter = quoter,
        .registrar = registrar,
        .anchor = anchor,
        .trust_domain = settings.trust_domain(),
        .ca_certificate_file = settings.state_dir + "/keys/ca.crt",
        .now = unix_now,
        .backend = Backend::pkcs11,
        .has_tpm = settings.has_tpm(),
        .live_keys = *live_keys,
        .keeps_host_keys = settings.host_keys == to_string(Backend::pkcs11),
        .token = name,
        .check_token = [&token](std::string_view uri) { return (*token)->check_is_meant(uri); },
    });
    auto prepared = worker.prepare();
    if (!prepared) return explain_token(std::move(prepared).error().within("own keys"));
    return serve_keys(worker, hsm::token_lost);
}

}  // namespace
}  // namespace holdfast::daemon

int main(int argc, char** argv) {
    using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a main
    auto pin = inherited_pin();
    const auto begun = begin_process("keys-pkcs11");
    if (!begun) return log_error(begun.error().text()), 1;
    const auto settings = inherited_settings();
    if (!settings) return log_error(settings.error().text()), 1;
    const auto set = set_module_environment(settings->pkcs11_environment);
    if (!set) return log_error(set.error().text()), 1;
    const auto confined = confine_but_for_network();
    if (!confined) return log_error(confined.error().text()), 1;
    if (is_asked_to_describe(argc, argv)) return tell(describe_tokens(options_of(*settings, pin)));
    return run(*settings, std::move(pin));
}
