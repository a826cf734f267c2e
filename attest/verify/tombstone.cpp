// verify_tombstone: a host's word that an agent's key has ended, judged as of the time it states.
#include "core/encode/tombstone.h"

#include <algorithm>

#include "attest/verify/rules.h"
#include "core/crypto/certificate.h"
#include "core/crypto/jwk.h"
#include "core/crypto/jws_signature.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "holdfast/agent_id.h"

namespace holdfast::attest {
namespace {

using encode::Tombstone;

Done as_done(const Error& error) {
    return Error(error);
}

// The CA's certificate is renewed every few weeks and a tombstone is for good, so its key counts,
// not which of its certificates is at hand; its host is the root's, not what this one says.
bool is_accepted(const crypto::Certificate& ca, const std::vector<Bytes>& roots) {
    return std::ranges::any_of(roots, [&](const Bytes& der) {
        const auto root = crypto::parse_certificate(der);
        return root && root->is_ca && root->spki == ca.spki && root->uris == ca.uris;
    });
}

std::optional<crypto::Certificate> check_ca(Sheet& sheet, const encode::JwsHeader& header,
                                            const Expectations& expected) {
    auto ca = header.x5c.size() == 1
                  ? crypto::parse_certificate(header.x5c.front())
                  : Result<crypto::Certificate>(Error(Code::invalid, "x5c is not one certificate"));
    if (!ca) {
        sheet.fail("tombstone.ca", ca.error().text());
        return std::nullopt;
    }
    sheet.check("tombstone.ca",
                ca->is_ca && is_accepted(*ca, expected.ca_roots) &&
                    crypto::check_self_signed(ca->der).has_value(),
                "its own certificate, with host and key of a CA that is accepted");
    return *std::move(ca);
}

void check_signature(Sheet& sheet, const encode::Jws& jws, const crypto::Certificate& ca) {
    const auto thumbprint = crypto::jwk_thumbprint(ca.spki);
    const bool is_named = thumbprint && *thumbprint == jws.header.kid;
    const bool is_es256 = jws.header.alg == jws_alg(KeyAlgorithm::es256);
    const Done verified =
        is_named && is_es256
            ? crypto::verify_es256(ca.spki, view_of(jws.signing_input), jws.signature)
            : Done(Error(Code::invalid, "alg or kid is not the CA key's"));
    sheet.check("tombstone.signature", verified, "ES256 by the CA's key");
}

void check_statement(Sheet& sheet, const Tombstone& tombstone, const crypto::Certificate& ca,
                     const Expectations& expected) {
    const auto id = parse_agent_id(tombstone.agent);
    const std::string host = id ? "spiffe://" + id->trust_domain : std::string();
    sheet.check("tombstone.host", ca.uris.size() == 1 && ca.uris.front() == host,
                "an agent of the CA's own host: " + tombstone.agent);
    const auto thumbprint = crypto::jwk_thumbprint(tombstone.spki);
    sheet.check("tombstone.key", thumbprint && *thumbprint == tombstone.key_thumbprint,
                "the thumbprint is that of the key");
    const bool in_order = tombstone.since <= tombstone.time &&
                          tombstone.time <= expected.now + crypto::clock_skew &&
                          ca.not_before <= tombstone.time && tombstone.time <= ca.not_after;
    sheet.check("tombstone.time", in_order,
                "ended at " + std::to_string(tombstone.since) + ", said at " +
                    std::to_string(tombstone.time) + " by a CA that was valid then");
}

// That the chip has not followed yet makes the agent no less revoked.
void check_fuse(Sheet& sheet, const Tombstone& tombstone) {
    const std::string word(to_string(tombstone.fuse));
    if (tombstone.fuse == encode::FuseWord::blown)
        sheet.check("tombstone.fuse", true, "the host says that the chip refuses the key");
    else
        sheet.skip("tombstone.fuse", word + ": only the host refuses the key");
}

void check_agent(Sheet& sheet, const Tombstone& tombstone, const Expectations& expected) {
    if (expected.agent)
        sheet.check("tombstone.agent", tombstone.agent == *expected.agent, tombstone.agent);
    else
        sheet.skip("tombstone.agent", "no agent was expected");
}

void note(Appraisal& appraisal, const Tombstone& tombstone) {
    appraisal.subject = tombstone.agent;
    appraisal.claims["state"] = tombstone.state;
    appraisal.claims["fuse"] = to_string(tombstone.fuse);
    appraisal.claims["key_thumbprint"] = tombstone.key_thumbprint;
    appraisal.claims["since"] = std::to_string(tombstone.since);
    appraisal.claims["by"] = tombstone.by;
    appraisal.claims["reason"] = tombstone.reason;
    appraisal.claims["sequence"] = std::to_string(tombstone.sequence);
}

}  // namespace

Result<Appraisal> verify_tombstone(std::string_view text, const Expectations& expected) {
    Sheet sheet({tombstone_rules}, expected.profile);
    if (expected.agent) sheet.require("tombstone.agent");
    const auto jws = encode::parse_jws(text);
    if (!sheet.check("tombstone.jws", jws ? done() : as_done(jws.error()),
                     "compact JWS, an algorithm of ours, canonical, no other header"))
        return std::move(sheet.appraisal());
    sheet.check("tombstone.typ", jws->header.typ == encode::tombstone_typ,
                "typ " + jws->header.typ);
    const auto tombstone = encode::tombstone_from(jws->payload);
    if (!sheet.check("tombstone.statement", tombstone ? done() : as_done(tombstone.error()),
                     "an agent's end, every member known and within its bounds"))
        return std::move(sheet.appraisal());
    const auto ca = check_ca(sheet, jws->header, expected);
    if (!ca) return std::move(sheet.appraisal());
    check_signature(sheet, *jws, *ca);
    check_statement(sheet, *tombstone, *ca, expected);
    check_fuse(sheet, *tombstone);
    check_agent(sheet, *tombstone, expected);
    if (sheet.passed("tombstone.signature") && sheet.passed("tombstone.ca"))
        note(sheet.appraisal(), *tombstone);
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
