// The action statement as JSON: the payload of the JWS and the leaf of the ledger.
#ifndef HOLDFAST_CORE_ENCODE_STATEMENT_H
#define HOLDFAST_CORE_ENCODE_STATEMENT_H

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/result.h"

namespace holdfast::encode {

// docs/protocol.md lists the members. Unknown members are refused when read back.
Json to_json(const Statement& statement);
Result<Statement> statement_from(const Json& json);

// The rules of include/holdfast/action.h: lengths, alphabets, params or params_sha256 but not both.
Done check_action(const Action& action);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_STATEMENT_H
