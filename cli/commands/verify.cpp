// What a verifier does, without TPM and daemon: verify credential, action, evidence, approvals,
// tombstone.
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/commands/manifests.h"
#include "cli/commands/report.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/pem.h"
#include "holdfast/evidence.h"
#include "holdfast/register.h"
#include "holdfast/verifier.h"
#include "ledger/record.h"
#include "policy/operators.h"

namespace holdfast::cli {
namespace {

using attest::Appraisal;
using attest::Expectations;
using attest::Profile;

constexpr std::size_t max_pem = 1024UL * 1024;
constexpr std::size_t max_evidence = 8UL * 1024 * 1024;
constexpr std::size_t max_enrolment = 64UL * 1024;

Error usage(std::string text) {
    return {Code::invalid, std::move(text)};
}

// Lower-case hex if it can be that, else base64url.
Result<Bytes> nonce_from(const std::string& text) {
    auto bytes = encode::from_hex(text);
    if (!bytes || bytes->size() < min_nonce) bytes = encode::from_base64url(text);
    if (!bytes) return usage("--nonce: neither hex nor base64url");
    if (bytes->size() < min_nonce || bytes->size() > max_nonce)
        return usage("--nonce: must be 16 to 64 bytes");
    return bytes;
}

Result<std::vector<Bytes>> roots_from(const std::vector<std::string>& paths) {
    std::vector<Bytes> roots;
    for (const std::string& path : paths) {
        HOLDFAST_TRY(text, read_text(path, max_pem));
        auto certificates = encode::from_pem(text, "CERTIFICATE");
        if (!certificates) return std::move(certificates).error().within(path);
        roots.insert(roots.end(), certificates->begin(), certificates->end());
    }
    return roots;
}

Result<std::int64_t> time_from(const std::optional<std::string>& text) {
    if (!text) return static_cast<std::int64_t>(std::time(nullptr));
    std::int64_t seconds = 0;
    const char* end = text->data() + text->size();
    const auto [rest, problem] = std::from_chars(text->data(), end, seconds);
    if (problem != std::errc() || rest != end || seconds < 0)
        return usage("--at: Unix seconds, such as 1800000000");
    return seconds;
}

Result<Profile> profile_from(const std::string& text) {
    if (text == "evaluation") return Profile::evaluation;
    if (text == "production") return Profile::production;
    return usage("--profile: evaluation or production");
}

Result<std::uint8_t> pcr_from(const std::string& text) {
    for (std::uint8_t pcr = first_anchor_pcr; pcr <= last_anchor_pcr; ++pcr)
        if (text == std::to_string(pcr)) return pcr;
    return usage("--anchor-pcr: 8 to 15");
}

Result<Expectations> expectations_from(const Values& values) {
    HOLDFAST_TRY(now, time_from(values.get("at")));
    HOLDFAST_TRY(profile, profile_from(values.get_or("profile", "evaluation")));
    HOLDFAST_TRY(ca_roots, roots_from(values.all(values.has("ca") ? "ca" : "roots")));
    HOLDFAST_TRY(ek_roots, roots_from(values.all("ek-roots")));
    Expectations expected{.now = now,
                          .profile = profile,
                          .ca_roots = std::move(ca_roots),
                          .ek_roots = std::move(ek_roots),
                          .nonce = {},
                          .verifier = values.get("verifier"),
                          .audience = values.get("audience"),
                          .agent = values.get("agent"),
                          .enrolment = {},
                          .manifests = {},
                          .accept_unproven_boot = values.has("accept-unproven-boot"),
                          .accept_claimed_hsm = values.has("accept-claimed-hsm"),
                          .anchor_pcr = default_anchor_pcr};
    if (const auto nonce = values.get("nonce")) {
        HOLDFAST_TRY(bytes, nonce_from(*nonce));
        expected.nonce = std::move(bytes);
    }
    if (const auto text = values.get("anchor-pcr")) {
        HOLDFAST_TRY(pcr, pcr_from(*text));
        expected.anchor_pcr = pcr;
    }
    if (const auto folder = values.get("manifest-roots")) {
        HOLDFAST_TRY(manifests, manifests_from(*folder, values.all("manifest-key")));
        expected.manifests = std::move(manifests);
    }
    if (const auto path = values.get("enrolment")) {
        HOLDFAST_TRY(text, read_text(*path, max_enrolment));
        expected.enrolment = bytes_of(view_of(text));
    }
    return expected;
}

// The standard's way to say what the terminal reads (POSIX, 8.2): the first one that is set.
bool terminal_reads_utf8() {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
        // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread.
        const char* value = std::getenv(name);
        if (value == nullptr || *value == '\0') continue;
        std::string locale = value;
        std::ranges::transform(locale, locale.begin(), [](unsigned char letter) {
            return static_cast<char>(std::tolower(letter));
        });
        return locale.find("utf-8") != std::string::npos ||
               locale.find("utf8") != std::string::npos;
    }
    return false;
}

Exit report(const Globals& globals, const Result<Appraisal>& appraisal) {
    if (!appraisal) return fail_with(globals, Exit::verification_failed, appraisal.error());
    if (globals.json) {
        std::cout << encode::canonical(report_json(*appraisal)) << '\n';
    } else {
        std::cout << report_text(*appraisal,
                                 {.utf8 = terminal_reads_utf8(), .colour = globals.colour});
    }
    std::cout << std::flush;
    // A verdict nobody could read must not look like an accepted one.
    if (!std::cout) return fail(globals, Error(Code::internal, "standard output: writing failed"));
    return appraisal->accepted() ? Exit::ok : Exit::verification_failed;
}

using Verify =
    std::function<Result<Appraisal>(std::string_view input, const Expectations& expected)>;

Exit run(const Globals& globals, const Values& values, std::size_t max_bytes,
         const Verify& verify) {
    auto expected = expectations_from(values);
    if (!expected) return fail_with(globals, Exit::usage, expected.error());
    auto text = read_text(values.operands().front(), max_bytes);
    if (!text) return fail(globals, text.error());
    // Editors and shells end a file with a newline; no format here has one of its own.
    while (text->ends_with('\n'))
        text->pop_back();
    return report(globals, verify(*text, *expected));
}

Exit credential(const Globals& globals, const Values& values) {
    return run(globals, values, max_pem, attest::verify_credential);
}

Exit action(const Globals& globals, const Values& values) {
    return run(globals, values, encode::max_jws, attest::verify_action);
}

Exit evidence(const Globals& globals, const Values& values) {
    return run(globals, values, max_evidence, attest::verify_evidence);
}

Exit tombstone(const Globals& globals, const Values& values) {
    return run(globals, values, encode::max_jws, attest::verify_tombstone);
}

Exit approvals(const Globals& globals, const Values& values) {
    const auto path = values.get("operators");
    if (!path) return fail_with(globals, Exit::usage, usage("--operators is missing"));
    const auto operators = read_text(*path, policy::max_operators_file);
    if (!operators) return fail(globals, operators.error());
    return run(globals, values, ledger::max_record + 1,
               [&](std::string_view record, const Expectations& expected) {
                   return attest::verify_approvals(record, *operators, expected);
               });
}

std::vector<Option> with_common(std::vector<Option> own) {
    own.insert(own.begin(), {"roots", "FILE", "accepted credential issuers, PEM; repeatable"});
    own.push_back({"agent", "SPIFFE-ID", "whose it must be"});
    own.push_back({"profile", "NAME", "evaluation (default) or production"});
    own.push_back({"at", "SECONDS", "judge as of this Unix time instead of now"});
    return own;
}

}  // namespace

std::vector<Command> verify_commands() {
    return {
        {"verify credential", "FILE", "check an agent's X.509-SVID chain (PEM, leaf first)",
         with_common({}), credential},
        {"verify action", "FILE", "check a signed action (compact JWS)",
         with_common({{"audience", "URI", "who it must be meant for"}}), action},
        {"verify evidence", "FILE", "check what a host says about an agent's key",
         with_common({{"nonce", "NONCE", "the nonce you gave, base64url or hex"},
                      {"verifier", "ID", "your own id, as you gave it with the nonce"},
                      {"ek-roots", "FILE", "accepted TPM vendors, PEM; repeatable"},
                      {"enrolment", "FILE", "what `holdfast enroll finish` wrote"},
                      {"manifest-roots", "DIR", "signed manifests: nothing else may have run"},
                      {"manifest-key", "FILE", "who may have signed these; repeatable"},
                      {"accept-unproven-boot", "", "production: no TPM will do, unless launched"},
                      {"accept-claimed-hsm", "", "production: take the issuer's word for an HSM"},
                      {"anchor-pcr", "N", "the host's register.anchor_pcr (default 13)"}}),
         evidence},
        {"verify approvals",
         "RECORD",
         "check who approved an action, by its ledger record",
         {{"operators", "FILE", "operators.toml as it was then"},
          {"agent", "SPIFFE-ID", "whose it must be"}},
         approvals},
        {"verify tombstone",
         "FILE",
         "check a host's word that an agent's key has ended",
         {{"ca", "FILE", "accepted host CAs, PEM; repeatable"},
          {"agent", "SPIFFE-ID", "whose it must be"},
          {"at", "SECONDS", "judge as of this Unix time instead of now"}},
         tombstone},
    };
}

}  // namespace holdfast::cli
