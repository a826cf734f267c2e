// The action statement as JSON: the payload of the JWS and the leaf of the ledger.
#ifndef HOLDFAST_CORE_ENCODE_STATEMENT_H
#define HOLDFAST_CORE_ENCODE_STATEMENT_H

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/result.h"

namespace holdfast::encode {

// Room for base64 and the certificates within max_jws, and for the levels that a ledger record and
// evidence put around a statement within max_json_depth.
inline constexpr std::size_t max_params = 16UL * 1024;
inline constexpr std::size_t max_params_depth = 8;
inline constexpr std::size_t max_instance = 128;
inline constexpr std::size_t max_sponsor = 255;
inline constexpr std::size_t max_rule = 255;

// docs/protocol.md lists the members. Unknown members are refused when read back.
Json to_json(const Statement& statement);
Result<Statement> statement_from(const Json& json);

// The rules of include/holdfast/action.h: lengths, alphabets, params or params_sha256 but not both.
Done check_action(const Action& action);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_STATEMENT_H
