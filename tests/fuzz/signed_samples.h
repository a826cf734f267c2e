// What fixed keys would be asked to sign, one text of each family: seeds for make_seeds.cpp.
#ifndef HOLDFAST_TESTS_FUZZ_SIGNED_SAMPLES_H
#define HOLDFAST_TESTS_FUZZ_SIGNED_SAMPLES_H

#include <optional>
#include <string>

#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "core/encode/statement.h"
#include "tests/fuzz/fixed_keys.h"

namespace holdfast::fuzz {

inline std::string signing_input() {
    Statement statement;
    statement.action.action = "refund.create";
    statement.action.audience = "https://bank.example";
    statement.action.params = R"({"amount":50})";
    statement.agent = agent_uri;
    statement.instance = "i-1";
    statement.sponsor = "finance";
    statement.time = now;
    statement.sequence = 7;
    statement.decision = "permit";
    statement.rule = "payments:refunds";
    return encode::signing_input({.alg = "ES256",
                                  .typ = std::string(encode::action_typ),
                                  .kid = *crypto::jwk_thumbprint(agent_spki()),
                                  .x5c = {}},
                                 encode::to_json(statement));
}

inline std::string possession_input(std::optional<Sha256> ak) {
    encode::JwsHeader header;
    header.alg = "ES256";
    header.typ = encode::possession_typ;
    header.kid = *crypto::jwk_thumbprint(agent_spki());
    return encode::signing_input(header,
                                 encode::to_json(encode::Possession{.agent = agent_uri,
                                                                    .ak = ak,
                                                                    .challenge = Sha256{2},
                                                                    .custody = Custody::unproven,
                                                                    .verifier = "bank"}));
}

inline Bytes ca_tbs() {
    return *crypto::ca_tbs({.trust_domain = trust_domain,
                            .spki = host_spki(),
                            .serial = Bytes(16, 1),
                            .not_before = now - crypto::clock_skew,
                            .not_after = now + 3600});
}

inline Bytes svid_tbs() {
    return *crypto::svid_tbs(
        {.spiffe_id = agent_uri,
         .subject_spki = agent_spki(),
         .ca_certificate = *crypto::assemble_certificate(ca_tbs(), Bytes(64, 1)),
         .serial = Bytes(16, 2),
         .not_before = now - crypto::clock_skew,
         .not_after = now + 3600,
         .claims = R"({"assurance":"observed"})"});
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_SIGNED_SAMPLES_H
