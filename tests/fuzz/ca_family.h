// What a CA's key signs besides certificates, as those read it who rely on it.
#ifndef HOLDFAST_TESTS_FUZZ_CA_FAMILY_H
#define HOLDFAST_TESTS_FUZZ_CA_FAMILY_H

#include <string>

#include "core/crypto/crl.h"
#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/tombstone.h"
#include "tests/fuzz/fixed_keys.h"
#include "tests/fuzz/fuzz.h"

namespace holdfast::fuzz {

inline Bytes crl_tbs() {
    const Bytes ca = *crypto::assemble_certificate(
        *crypto::ca_tbs({trust_domain, host_spki(), Bytes(16, 1), now - 60, now + 3600}),
        Bytes(64, 1));
    return *crypto::crl_tbs(
        {ca,
         3,
         now - 60,
         now + 3600,
         {{Bytes(16, 5), now - 9, crypto::RevocationReason::certificate_hold},
          {Bytes(16, 6), now - 8, crypto::RevocationReason::privilege_withdrawn}}});
}

inline std::string tombstone_input() {
    const Bytes ca = *crypto::assemble_certificate(
        *crypto::ca_tbs({trust_domain, host_spki(), Bytes(16, 1), now - 60, now + 3600}),
        Bytes(64, 1));
    const encode::Tombstone tombstone{.agent = agent_uri,
                                      .state = "revoked",
                                      .spki = agent_spki(),
                                      .key_thumbprint = *crypto::jwk_thumbprint(agent_spki()),
                                      .fuse = encode::FuseWord::pending,
                                      .by = "login:1000",
                                      .reason = "why",
                                      .sequence = 3,
                                      .since = now,
                                      .time = now};
    return encode::signing_input(
        {"ES256", std::string(encode::tombstone_typ), *crypto::jwk_thumbprint(host_spki()), {ca}},
        encode::to_json(tombstone));
}

inline void check_crl(ByteView tbs) {
    const auto facts = crypto::check_crl_tbs(tbs);
    promise(facts.has_value(), "what the CA signs as a list is one");
    promise(crypto::assemble_crl(tbs, Bytes(64, 1)).has_value(), "with a signature it is a CRL");
    promise(facts->this_update <= now && facts->next_update > now, "it is valid now");
    promise(facts->next_update - facts->this_update <= crypto::max_crl_lifetime + 60,
            "it does not live too long");
    promise(!crypto::check_tbs(tbs, trust_domain), "a list is no certificate");
}

inline void check_tombstone(ByteView preimage) {
    const auto jws = encode::parse_jws(encode::compact(text_of(preimage), Bytes(64, 1)));
    promise(jws.has_value(), "a signing input with a signature is a JWS");
    const auto tombstone = encode::tombstone_from(jws->payload);
    promise(tombstone && encode::to_json(*tombstone) == jws->payload, "a tombstone has one JSON");
    const bool is_live = tombstone->spki == agent_spki();
    promise(!is_live || tombstone->fuse != encode::FuseWord::blown, "no live key is called blown");
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_CA_FAMILY_H
