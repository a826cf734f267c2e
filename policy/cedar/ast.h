// Policies as read: scopes, conditions, and the expressions in them.
#ifndef HOLDFAST_POLICY_CEDAR_AST_H
#define HOLDFAST_POLICY_CEDAR_AST_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cedar/value.h"

namespace holdfast::policy::cedar {

// Both from 1; columns count characters, not bytes.
struct Position {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
};

// Control characters, which could pass for another line, as '?'.
std::string in_one_line(std::string text);
// "FILE:LINE:COLUMN: what", in one line whatever the file is called.
std::string located(std::string_view file, Position at, std::string_view what);

enum class Operator : std::uint8_t {
    literal,  // value
    principal,
    action,
    resource,
    context,      // the request's
    conditional,  // if [0] then [1] else [2]
    all,
    any,     // && and ||, of two or more
    negate,  // ! of a bool
    minus,   // - of a long
    equal,
    not_equal,
    less,
    less_equal,
    greater,
    greater_equal,
    add,
    subtract,
    multiply,
    in,
    contains,
    contains_all,
    contains_any,  // [0].contains([1]) …
    attribute,
    has,    // names[0] of [0]
    like,   // names: the literal parts between the wildcards
    is,     // names[0]: an entity type
    is_in,  // [0] is names[0] in [1]
    set,
    record,  // names: of each operand
};
// As a policy spells it: "&&", "has", ".contains" …
std::string_view to_string(Operator op) noexcept;

struct Expr {  // NOLINT(misc-no-recursion): copied no deeper than max_depth
    Operator op = Operator::literal;
    std::uint8_t height = 1;  // levels of operators; at most max_depth
    Position at;              // of what names it: the operator, the attribute, the literal
    Value value;
    std::vector<std::string> names;
    std::vector<Expr> operands;
};

// An entity in a scope, or the type after `is`.
struct Named {
    EntityUid uid;
    Position at;
};

struct Scope {
    enum class Kind : std::uint8_t { any, equal, in, is, is_in };
    Kind kind = Kind::any;
    std::string type;  // is, is_in
    Position type_at;
    std::vector<Named> entities;  // equal: one; in: one, for an action any number
};

struct Annotation {
    std::string name;
    std::string value;  // empty where none is written
};

struct Condition {
    bool is_when = true;  // else `unless`
    Expr body;
};

enum class Effect : std::uint8_t { permit, forbid };

struct Policy {
    std::string id;  // @id: unique, printable ASCII
    Effect effect = Effect::forbid;
    std::string file;
    Position at;
    std::vector<Annotation> annotations;  // @id included, in the order of the text
    Scope principal, action, resource;
    std::vector<Condition> conditions;

    const Annotation* annotation(std::string_view name) const noexcept;  // null: none
};

struct PolicySet {
    std::vector<Policy> policies;
};

// All files' policies as one set. invalid: an id twice, or more than max_policies.
Result<PolicySet> merge(std::vector<PolicySet> sets);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_AST_H
