#include "attest/verify/possession.h"

#include <array>

#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"

namespace holdfast::attest {
namespace {

// What only a TPM that keeps the key can say of it.
constexpr std::array<std::string_view, 10> said_by_the_keys_tpm = {
    "key.public",    "key.attributes", "key.scheme",      "key.format", "key.signature",
    "key.challenge", "key.name",       "key.description", "key.policy", "fuse."};

Done check_header(const encode::JwsHeader& header, const Evidence& evidence) {
    if (header.typ != encode::possession_typ)
        return Error(Code::invalid, "typ " + header.typ + ", not a possession");
    HOLDFAST_TRY(thumbprint, crypto::jwk_thumbprint(evidence.possession->key.spki));
    if (header.alg != jws_alg(evidence.possession->key.algorithm))
        return Error(Code::invalid, "alg " + header.alg + ", not the key's");
    if (header.kid != thumbprint) return Error(Code::invalid, "kid names another key");
    if (header.x5c != evidence.credential)
        return Error(Code::invalid, "x5c is not the credential of this evidence");
    return done();
}

Result<encode::Possession> read_statement(const encode::Jws& jws, const Evidence& evidence) {
    HOLDFAST_CHECK(check_header(jws.header, evidence));
    return encode::possession_from(jws.payload);
}

void check_signature(Sheet& sheet, const encode::Jws& jws, const KeyDescription& key) {
    const std::string algorithm(to_string(key.algorithm));
    sheet.check(
        "possession.signature",
        crypto::verify_jws(key.algorithm, key.spki, view_of(jws.signing_input), jws.signature),
        algorithm + " by the key that is described");
}

// Statements of a TPM were taken away, or are another host's, unless the key names this very AK.
void check_host(Sheet& sheet, const encode::Possession& said, const Evidence& evidence) {
    std::optional<Sha256> shown;
    if (evidence.tpm) shown = crypto::sha256(evidence.tpm->ak_public);
    sheet.check("possession.host", said.ak == shown,
                evidence.tpm ? "the key names the AK whose statements are shown"
                             : "the key says that its host has no TPM, and none is shown");
}

void check_agent(Sheet& sheet, const encode::Possession& said,
                 const std::optional<Subject>& subject) {
    if (!subject || subject->spiffe_id.empty()) {
        sheet.skip("possession.agent", "no credential says whose key it is");
        return;
    }
    sheet.require("possession.agent");
    sheet.check("possession.agent", said.agent == subject->spiffe_id,
                "the key speaks for " + said.agent);
}

// Both are the host's, but the signed one its keys worker has compared with what the token says.
void check_stated_custody(Sheet& sheet, const encode::Possession& said, const KeyDescription& key) {
    sheet.check("possession.custody", said.custody == key.custody,
                "the key states " + std::string(to_string(said.custody)) +
                    " and is described with " + std::string(to_string(key.custody)));
}

void check_claim(Sheet& sheet, const std::string& claimed, const std::optional<Custody>& stated) {
    if (claimed.empty()) return sheet.skip("custody.claim", "no credential claims one");
    if (!stated) return sheet.skip("custody.claim", "the key states none under its signature");
    const std::string said(to_string(*stated));
    sheet.check("custody.claim", claimed == said || claimed == to_string(Custody::unproven),
                "credential: " + claimed + ", key: " + said +
                    "; the word of issuer and host, which no token proves");
}

bool is_word_taken(const Sheet& sheet, const std::string& claimed, const Expectations& expected) {
    return expected.accept_claimed_hsm && claimed == to_string(Custody::hsm) &&
           sheet.passed("custody.claim");
}

}  // namespace

std::optional<Custody> check_possession(Sheet& sheet, const Evidence& evidence,
                                        const Sha256& challenge,
                                        const std::optional<Subject>& subject) {
    const auto jws = encode::parse_jws(evidence.possession->jws);
    if (!jws) {
        sheet.fail("possession.format", jws.error().text());
        return std::nullopt;
    }
    const auto said = read_statement(*jws, evidence);
    if (!said) {
        sheet.fail("possession.format", said.error().text());
        return std::nullopt;
    }
    sheet.check("possession.format", true,
                "a possession statement with this evidence's credential, of this key");
    check_signature(sheet, *jws, evidence.possession->key);
    sheet.check("possession.challenge",
                said->challenge == challenge && said->verifier == evidence.verifier,
                "made for this challenge and this verifier");
    check_agent(sheet, *said, subject);
    check_host(sheet, *said, evidence);
    check_stated_custody(sheet, *said, evidence.possession->key);
    if (!sheet.passed("possession.signature")) return std::nullopt;
    return said->custody;
}

void check_token_custody(Sheet& sheet, const std::optional<Custody>& stated,
                         const std::optional<Subject>& subject, const Expectations& expected) {
    const std::string claimed = subject && subject->claims ? subject->claims->custody : "";
    auto& claims = sheet.appraisal().claims;
    claims["custody"] = to_string(Custody::unproven);
    check_claim(sheet, claimed, stated);
    // Nobody says that of a key who could say better.
    if (claimed == to_string(Custody::software_hsm) && sheet.passed("credential.chain"))
        claims["custody"] = claimed;
    const bool taken = is_word_taken(sheet, claimed, expected);
    const std::string why = taken ? "not proven: the issuer's word that it is in an HSM was taken"
                                  : "the key is not in a TPM: what it is in, nothing here proves";
    if (taken) sheet.waive_all("custody.hardware", why);
    sheet.skip("custody.hardware", why);
    for (const std::string_view prefix : said_by_the_keys_tpm) {
        if (taken || expected.profile == Profile::evaluation) sheet.waive_all(prefix, why);
        sheet.skip_all(prefix, why);
    }
}

}  // namespace holdfast::attest
