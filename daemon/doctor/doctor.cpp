#include "daemon/doctor/doctor.h"

#include <string>

#include "daemon/doctor/anchor.h"
#include "daemon/doctor/ask.h"
#include "daemon/doctor/chips.h"
#include "daemon/doctor/host.h"
#include "daemon/doctor/pin.h"

namespace holdfast::daemon {
namespace {

// The kernel's resource manager serves many; a simulator's socket and /dev/tpm0 serve one.
bool is_shared(const std::string& tcti) {
    return tcti.starts_with("device:/dev/tpmrm");
}

// The module may be the reason for its own end, so its name stands beside what happened.
void not_described(const std::string& part, const std::string& what, const Error& error,
                   Findings& findings) {
    if (error.code() == Code::denied)
        return findings.unseen(part, error.text(), "run it as root: sudo holdfast doctor");
    findings.wrong(part, what + ": " + error.text(),
                   part == "module"
                       ? "the fault is in the module or its configuration: try it with "
                         "pkcs11-tool, and see [pkcs11] environment"
                       : "see [tpm] tcti in holdfastd.conf(5)");
}

void look_at_tpm(const Settings& settings, Findings& findings) {
    if (!settings.has_tpm())
        return findings.note("TPM", "none on this host: evidence says that its boot is not proven");
    const auto daemon = running_daemon(settings);
    if (daemon && !is_shared(settings.tpm_tcti))
        return findings.note("TPM", "in use by holdfastd, process " + std::to_string(*daemon) +
                                        ": holdfast status tells of it");
    const auto found =
        ask_to_describe("holdfast-keys-tpm", settings, Descriptor(), describe_within);
    if (!found) return not_described("TPM", settings.tpm_tcti, found.error(), findings);
    judge_tpm(*found, findings);
}

void look_at_tokens(const Settings& settings, Findings& findings) {
    if (!settings.has_pkcs11())
        return findings.note("PKCS#11", "no module is set: agents' keys are in the TPM");
    const Descriptor pin = look_at_pin_file(settings, findings);
    const auto found = ask_to_describe("holdfast-keys-pkcs11", settings, pin, describe_within);
    if (!found) return not_described("module", settings.pkcs11_module, found.error(), findings);
    judge_tokens(settings, *found, findings);
}

}  // namespace

void examine(const Settings& settings, Findings& findings) {
    findings.good("settings", "read, and within their bounds");
    look_at_users(settings, findings);
    look_at_programs(settings, findings);
    look_at_folders(settings, findings);
    if (const auto daemon = running_daemon(settings))
        findings.note("daemon", "runs as process " + std::to_string(*daemon));
    look_at_tpm(settings, findings);
    look_at_tokens(settings, findings);
    look_at_anchor(settings, findings);
}

}  // namespace holdfast::daemon
