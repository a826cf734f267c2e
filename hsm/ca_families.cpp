#include "hsm/ca_families.h"

#include "core/crypto/certificate.h"
#include "core/crypto/crl.h"
#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/tombstone.h"
#include "holdfast/agent_id.h"

namespace holdfast::hsm {
namespace {

Error wrong(std::string what) {
    return Error(Code::denied, "not what this key signs: " + std::move(what))
        .because("wrong_family");
}

Done check_header(const encode::JwsHeader& header, const KeyDescription& key) {
    if (header.typ != encode::tombstone_typ) return wrong("typ is of no statement of a CA");
    if (header.alg != jws_alg(key.algorithm)) return wrong("alg is not this key's");
    HOLDFAST_TRY(thumbprint, crypto::jwk_thumbprint(key.spki));
    if (header.kid != thumbprint) return wrong("kid names another key");
    if (header.x5c.size() != 1) return wrong("x5c is not the CA's certificate alone");
    const auto ca = crypto::parse_certificate(header.x5c.front());
    if (!ca || !ca->is_ca || ca->spki != key.spki) return wrong("x5c is another CA's certificate");
    return done();
}

Done check_tombstone(const encode::Tombstone& tombstone, const FamilyRules& rules) {
    HOLDFAST_TRY(agent, parse_agent_id(tombstone.agent));
    if (agent.trust_domain != rules.trust_domain) return wrong("another host's agent");
    const auto thumbprint = crypto::jwk_thumbprint(tombstone.spki);
    if (!thumbprint || *thumbprint != tombstone.key_thumbprint)
        return wrong("the thumbprint is another key's");
    if (tombstone.fuse == encode::FuseWord::blown) {
        // Whatever name it is given: verifiers go by the key.
        HOLDFAST_TRY(is_live, rules.is_live_key(tombstone.spki));
        if (is_live) return wrong("it says that a live key has ended");
    }
    if (tombstone.since > tombstone.time) return wrong("an end after the tombstone");
    const std::int64_t now = rules.now();
    if (tombstone.time > now) return wrong("a tombstone for later");
    if (tombstone.time < now - crypto::clock_skew) return wrong("a tombstone of before");
    return done();
}

}  // namespace

Done check_crl_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules) {
    const auto facts = crypto::check_crl_tbs(preimage);
    if (!facts) return wrong("no revocation list of the profile: " + facts.error().text());
    HOLDFAST_TRY(own_id, crypto::key_identifier(key.spki));
    if (facts->issuer_key_id != own_id) return wrong("a revocation list of another CA");
    const std::int64_t now = rules.now();
    if (facts->this_update > now) return wrong("a revocation list for later");
    if (facts->next_update <= now) return wrong("a revocation list that has ended");
    if (facts->number > max_crl_number(now)) return wrong("a number no list could come after");
    return done();
}

Done check_tombstone_family(const KeyDescription& key, ByteView preimage,
                            const FamilyRules& rules) {
    const auto parts = encode::signing_parts(text_of(preimage));
    if (!parts) return wrong("no JWS signing input: " + parts.error().text());
    const auto header = encode::parse_jws_header(parts->header);
    if (!header) return wrong("no JWS signing input: " + header.error().text());
    HOLDFAST_CHECK(check_header(*header, key));
    const auto payload = encode::parse_jws_payload(parts->payload);
    if (!payload) return wrong("no JWS signing input: " + payload.error().text());
    const auto tombstone = encode::tombstone_from(*payload);
    if (!tombstone) return wrong("no tombstone: " + tombstone.error().text());
    return check_tombstone(*tombstone, rules);
}

}  // namespace holdfast::hsm
