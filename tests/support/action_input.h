// What an action key signs, as the front makes it: a JWS signing input of that key.
#ifndef HOLDFAST_TESTS_SUPPORT_ACTION_INPUT_H
#define HOLDFAST_TESTS_SUPPORT_ACTION_INPUT_H

#include <string>

#include "core/crypto/jwk.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "holdfast/custody.h"

namespace holdfast::tests {

// `agent` is a SPIFFE ID, `params` a canonical JSON object.
inline Bytes action_input(const KeyDescription& key, const std::string& agent,
                          const std::string& params = "{}") {
    Statement statement;
    statement.action = {"refund.create", "https://pay.example", "order/1", params, {}, ""};
    statement.agent = agent;
    statement.instance = "i-1";
    statement.sponsor = "sponsor@example.com";
    const bool in_token = key.backend == Backend::pkcs11;
    statement.custody = in_token ? key.custody : Custody::software_tpm;
    statement.fuse = FuseKind::counter;
    statement.time = 1'700'000'000;
    statement.decision = "permit";
    statement.rule = "payments:refunds";
    encode::JwsHeader header;
    header.alg = jws_alg(key.algorithm);
    header.typ = encode::action_typ;
    header.kid = *crypto::jwk_thumbprint(key.spki);
    return bytes_of(view_of(encode::signing_input(header, encode::to_json(statement))));
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_ACTION_INPUT_H
