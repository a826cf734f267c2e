#include "daemon/doctor/chips.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace holdfast::daemon {
namespace {

using encode::Json;

// Printable ASCII; a label with an escape sequence must not reach the terminal.
std::string plain(std::string_view text) {
    std::string shown(text.substr(0, max_setting_value));
    std::replace_if(shown.begin(), shown.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    shown.resize(shown.find_last_not_of(' ') + 1);  // "IBM ": chips pad what they say
    return shown;
}

std::string text_in(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    const bool is_text = member != nullptr && member->string() != nullptr;
    return is_text ? plain(*member->string()) : "";
}
bool is_true(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    return member != nullptr && member->boolean() != nullptr && *member->boolean();
}
Json::Array list_in(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    const bool is_list = member != nullptr && member->array() != nullptr;
    return is_list ? *member->array() : Json::Array();
}
std::string joined(const Json& object, std::string_view name) {
    std::string text;
    for (const Json& word : list_in(object, name))
        if (word.string() != nullptr) text += (text.empty() ? "" : ", ") + plain(*word.string());
    return text;
}
bool offers(const Json& token, std::string_view algorithm) {
    const auto all = list_in(token, "algorithms");
    return std::any_of(all.begin(), all.end(), [algorithm](const Json& word) {
        return word.string() != nullptr && *word.string() == algorithm;
    });
}

// ── tokens ──────────────────────────────────────────────────────────────────────────────────────

std::string name_of(const Json& token) {
    return "\"" + text_in(token, "label") + "\", serial " + text_in(token, "serial") + ", by " +
           text_in(token, "manufacturer") + ", model " + text_in(token, "model");
}

std::string limit_in(const Json& token, std::string_view name) {
    const Json* limit = token.find(name);
    const bool is_told = limit != nullptr && limit->integer() != nullptr && *limit->integer() > 0;
    return is_told ? std::to_string(*limit->integer()) : "no limit told";
}

void judge_pin(const Settings& settings, const Json& token, Findings& findings) {
    if (!is_true(token, "wants_login")) return findings.good("PIN", "the token wants no login");
    const std::string obstacle = text_in(token, "no_login");
    if (!obstacle.empty())
        return findings.wrong("PIN", obstacle,
                              "as it says; until then holdfastd tries no PIN on it");
    if (settings.pkcs11_pin_file.empty())
        return findings.wrong("PIN", "the token wants a login and there is no PIN file",
                              "set [pkcs11] pin_file");
    findings.good("PIN", "the token takes one (not tried: looking costs no try)");
}

void judge_algorithms(const Settings& settings, const Json& token, Findings& findings) {
    const std::string algorithms = joined(token, "algorithms");
    findings.note("mechanisms", joined(token, "mechanisms"));
    if (algorithms.empty())
        return findings.wrong("algorithms", "the token can make no key that Holdfast uses",
                              "use a token with EC (P-256, P-384), Ed25519 or RSA key generation");
    if (settings.host_keys == "pkcs11" && !offers(token, "ES256"))
        return findings.wrong("algorithms",
                              "the host's own keys are ES256, and the token has " + algorithms,
                              "use a token with ECDSA on P-256, or [host] keys = tpm");
    findings.good("algorithms", algorithms);
}

void judge_software(const Settings& settings, const Json& token, Findings& findings) {
    if (!is_true(token, "software"))
        return findings.note("custody", "claimed for each key by what the token says of it");
    if (settings.pkcs11_software_allowed)
        return findings.note("custody", "a software token: its keys are called software-hsm");
    findings.wrong("custody", "a software token, and these are refused",
                   "use a hardware token; to try things: [pkcs11] software = allow");
}

void judge_use(const Json& token, Findings& findings) {
    const std::string obstacle = text_in(token, "unusable");
    if (obstacle.empty()) return findings.good("token", name_of(token));
    findings.wrong("token", obstacle, "mend it with the vendor's tools, or use another token");
}

void judge_token(const Settings& settings, const Json& token, Findings& findings) {
    judge_use(token, findings);
    findings.note("flags", joined(token, "flags"));
    judge_software(settings, token, findings);
    judge_pin(settings, token, findings);
    findings.note("sessions", "at a time: " + limit_in(token, "max_sessions") +
                                  ", read-write: " + limit_in(token, "max_rw_sessions"));
    judge_algorithms(settings, token, findings);
}

void note_other(const Json& token, Findings& findings) {
    if (!is_true(token, "initialised"))
        return findings.note("token", name_of(token) + ", not initialised: no token yet");
    findings.note("token", name_of(token) + ", another: " + text_in(token, "uri"));
}

}  // namespace

void judge_tpm(const Json& found, Findings& findings) {
    const std::string error = text_in(found, "error");
    if (!error.empty())
        return findings.wrong("TPM", error,
                              "see [tpm] in holdfastd.conf(5); the keys worker's user must be "
                              "able to open the device (group tss)");
    findings.good(
        "TPM", "by " + text_in(found, "manufacturer") + ", custody " + text_in(found, "custody"));
    const std::string algorithms = joined(found, "algorithms");
    if (algorithms.empty())
        return findings.wrong("TPM", "it can make no key that Holdfast uses",
                              "Holdfast needs ECDSA on P-256");
    findings.good("algorithms", algorithms);
}

void judge_tokens(const Settings& settings, const Json& found, Findings& findings) {
    const std::string error = text_in(found, "error");
    if (!error.empty()) return findings.wrong("module", error, "see [pkcs11] in holdfastd.conf(5)");
    findings.good("module", settings.pkcs11_module + ": " + text_in(found, "manufacturer") + ", " +
                                text_in(found, "description") + " " + text_in(found, "version"));
    const auto tokens = list_in(found, "tokens");
    std::size_t matching = 0;
    for (const Json& token : tokens) {
        if (is_true(token, "matches"))
            ++matching;
        else
            note_other(token, findings);
    }
    if (matching == 0)
        return findings.wrong(
            "token",
            "none of " + std::to_string(tokens.size()) + " matches " + settings.pkcs11_token,
            "insert it, initialise it, or name one of those above in [pkcs11] token");
    for (const Json& token : tokens)
        if (is_true(token, "matches")) judge_token(settings, token, findings);
    if (matching > 1)
        findings.wrong("token", std::to_string(matching) + " match " + settings.pkcs11_token,
                       "add serial=… to [pkcs11] token");
}

}  // namespace holdfast::daemon
