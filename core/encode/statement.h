// The action statement as JSON: the payload of the JWS and the leaf of the ledger.
#ifndef HOLDFAST_CORE_ENCODE_STATEMENT_H
#define HOLDFAST_CORE_ENCODE_STATEMENT_H

#include <string_view>

#include "core/encode/fields.h"
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

// An action by itself: the members of it that are there, and back. The reader leaves finish() to
// whoever has more members to ask for; malformed_request for what check_action refuses.
Json::Object members_of(const Action& action);
Result<Action> action_from(Fields& fields);

// "refund.create": lower-case words joined by single '.', '_' or '-', the first one beginning with
// a letter. Length is the caller's to bound.
bool is_action_name(std::string_view name) noexcept;
// Not empty, and only what a URI or a host name is written with (RFC 3986 §2).
bool is_audience(std::string_view audience) noexcept;

// The rules of include/holdfast/action.h: lengths, alphabets, params or params_sha256 but not both.
Done check_action(const Action& action);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_STATEMENT_H
