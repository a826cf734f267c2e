#include "tests/support/cedar_random.h"

namespace holdfast::cedar_test {
namespace {

constexpr int max_random_depth = 4;

}  // namespace

// ── pieces ──────────────────────────────────────────────────────────────────────────────────────

std::string RandomPolicies::use(const std::string& op) {
    ++used_[op];
    return op;
}

std::string RandomPolicies::at(const Text& text, int level) {
    if (text.level >= level && !dice_.chance(5)) return text.text;
    return "(" + text.text + ")";
}

RandomPolicies::Type RandomPolicies::any_type() {
    return static_cast<Type>(dice_.below(6));
}

// NOLINTBEGIN(misc-no-recursion): depth grows to max_random_depth.
std::string RandomPolicies::operand(Type type, int depth, int level) {
    return at(expression(dice_.chance(3) ? any_type() : type, depth + 1), level);
}

RandomPolicies::Text RandomPolicies::expression(Type type, int depth) {
    if (depth >= max_random_depth || dice_.chance(15)) return leaf(type);
    if (dice_.chance(6)) return conditional(type, depth);
    switch (type) {
        case Type::boolean: return boolean(depth);
        case Type::integer: return integer(depth);
        case Type::entity: return entity(depth);
        case Type::set: return set(depth);
        case Type::record: return record(depth);
        case Type::string: return dice_.chance(50) ? leaf(type) : member(type);
    }
    return leaf(type);
}

std::string RandomPolicies::uid() {
    return dice_.of({"Agent::\"a\"", "Agent::\"b\"", "Agent::\"ghost\"", "Sponsor::\"s\"",
                     "Sponsor::\"t\"", "Environment::\"e\"", "Custody::\"tpm\"",
                     "Assurance::\"launched\"", "Action::\"refund\"", "Action::\"refund.create\"",
                     "Audience::\"x\"", "Agent::\"\\u{61}\"", "Agent :: \"\""});
}

RandomPolicies::Text RandomPolicies::leaf(Type type) {
    switch (type) {
        case Type::boolean:
            if (dice_.chance(30)) return member(type);
            return {dice_.of({"true", "false"})};
        case Type::integer:
            if (dice_.chance(40)) return member(type);
            return {dice_.of({"0", "1", "2", "3", "7", "42", "007", "9223372036854775807",
                              "4611686018427387904", "(-1)", "(-9223372036854775808)"})};
        case Type::string:
            if (dice_.chance(30)) return member(type);
            return {dice_.of({"\"\"", "\"a\"", "\"ab\"", "\"a*b\"", "\"EUR\"", "\"\\u{e9}\\n\"",
                              "\"\\\"q\\\"\"", "\"\\x41\\0\"", "\"\u00e9\U0001F600\""})};
        case Type::entity:
            return {dice_.chance(60) ? dice_.of({"principal", "action", "resource"}) : uid()};
        case Type::set:
            return dice_.chance(30) ? member(type)
                                    : Text{dice_.of({"[]", "[1, 2]", "[\"a\", \"b\"]", "[[1], []]",
                                                     "[Sponsor::\"s\", Agent::\"a\",]",
                                                     "[{a: 1}, 1, 1]", "[principal]"})};
        case Type::record:
            return dice_.chance(50) ? member(type)
                                    : Text{dice_.of({"{}", "{a: 1}", "{\"a\": 2, b: [1]}",
                                                     "{a: {a: {a: 1}}}", "{\"a b\": \"x\",}"})};
    }
    return {};
}

RandomPolicies::Text RandomPolicies::member(Type type) {
    use("attribute");
    if (dice_.chance(6)) return {dice_.of({"context.nothing", "principal.nothing", "(1).a"})};
    switch (type) {
        case Type::boolean:
            return {dice_.of({"principal.launched", "context.host.tpm", "context.params.flag",
                              "context[\"host\"][\"tpm\"]"})};
        case Type::integer:
            return {dice_.of(
                {"context.time.hour", "context.params.n", "{a: 3}.a", "context.params.deep.n"})};
        case Type::string:
            return {dice_.of({"principal.name", "resource.name", "context.resource",
                              "context.params.currency", "principal.environment",
                              "context.params[\"a b\"]"})};
        case Type::entity: return {"context.params.who"};
        case Type::set: return {dice_.of({"context.params.tags", "context.params.numbers"})};
        case Type::record:
            return {dice_.of({"context.params", "context.host", "context", "context.params.deep"})};
    }
    return {};
}

RandomPolicies::Text RandomPolicies::conditional(Type type, int depth) {
    const std::string test = operand(Type::boolean, depth, 0);
    const std::string then = operand(type, depth, 0);
    return {use("if") + " " + test + " then " + then + " else " + operand(type, depth, 0), 0};
}

// ── by type ─────────────────────────────────────────────────────────────────────────────────────

RandomPolicies::Text RandomPolicies::boolean(int depth) {
    switch (dice_.below(12)) {
        case 0: return chain("&&", 2, depth);
        case 1: return chain("||", 1, depth);
        case 2: return negation(depth);
        case 3:
        case 4: {
            const Type type = any_type();
            return binary(dice_.of({"==", "!="}), 3, type, type, depth);
        }
        case 5:
            return binary(dice_.of({"<", "<=", ">", ">="}), 3, Type::integer, Type::integer, depth);
        case 6:
            return binary("in", 3, Type::entity, dice_.chance(60) ? Type::entity : Type::set,
                          depth);
        case 7: return is(depth);
        case 8: return has(depth);
        case 9: return like(depth);
        default: return method(depth);
    }
}

RandomPolicies::Text RandomPolicies::chain(const std::string& op, int level, int depth) {
    std::string text = operand(Type::boolean, depth, level);
    for (std::size_t i = 0; i <= dice_.below(3); ++i) {
        text += " " + use(op) + " ";
        text += operand(Type::boolean, depth, level + 1);
    }
    return {text, level};
}

RandomPolicies::Text RandomPolicies::binary(const std::string& op, int level, Type left, Type right,
                                            int depth) {
    // A comparison does not chain; sums and products lean to the left.
    const int left_level = level == 3 ? 4 : level;
    const std::string first = operand(left, depth, left_level);
    return {first + " " + use(op) + " " + operand(right, depth, level + 1), level};
}

RandomPolicies::Text RandomPolicies::negation(int depth) {
    const std::string inner = operand(Type::boolean, depth, 7);
    return {std::string(1 + dice_.below(4), use("!")[0]) + inner, 6};
}

RandomPolicies::Text RandomPolicies::has(int depth) {
    const std::string name = dice_.of({"name", "environment", "\"params\"", "\"a b\"", "a", "n"});
    const std::string owner = operand(dice_.chance(50) ? Type::entity : Type::record, depth, 4);
    return {owner + " " + use("has") + " " + name, 3};
}

RandomPolicies::Text RandomPolicies::like(int depth) {
    const std::string pattern =
        dice_.of({"\"*\"", "\"\"", "\"a*\"", "\"*a\"", "\"a\\*b\"", "\"a*b*\"", "\"*\\x2a*\"",
                  "\"\u00e9*\"", "\"*\\u{1F600}\"", "\"a\"", "\"**E*U*R**\""});
    return {operand(Type::string, depth, 4) + " " + use("like") + " " + pattern, 3};
}

RandomPolicies::Text RandomPolicies::is(int depth) {
    std::string text = operand(Type::entity, depth, 4) + " " + use("is") + " " +
                       dice_.of({"Agent", "Audience", "Action", "Sponsor", "Nothing"});
    if (dice_.chance(40)) {
        use("is … in");
        text += " in " + operand(dice_.chance(60) ? Type::entity : Type::set, depth, 4);
    }
    return {text, 3};
}

RandomPolicies::Text RandomPolicies::method(int depth) {
    const std::string name = use(dice_.of({"contains", "containsAll", "containsAny"}));
    const std::string owner = operand(Type::set, depth, 7);
    return {owner + "." + name + "(" +
            operand(name == "contains" ? any_type() : Type::set, depth, 0) + ")"};
}

RandomPolicies::Text RandomPolicies::integer(int depth) {
    switch (dice_.below(5)) {
        case 0: return binary("+", 4, Type::integer, Type::integer, depth);
        case 1: return binary("-", 4, Type::integer, Type::integer, depth);
        case 2: return binary("*", 5, Type::integer, Type::integer, depth);
        case 3: {
            use("unary -");
            return {std::string(1 + dice_.below(4), '-') + operand(Type::integer, depth, 7), 6};
        }
        default: return leaf(Type::integer);
    }
}

RandomPolicies::Text RandomPolicies::entity(int depth) {
    if (dice_.chance(90)) return dice_.chance(80) ? leaf(Type::entity) : member(Type::entity);
    return {"{a: " + operand(Type::entity, depth, 0) + "}.a"};
}

RandomPolicies::Text RandomPolicies::set(int depth) {
    if (dice_.chance(40)) return leaf(Type::set);
    use("set");
    const Type type = any_type();
    std::string text = "[";
    for (std::size_t i = 0; i < dice_.below(4); ++i)
        text += operand(type, depth, 0) + ", ";
    return {text + operand(type, depth, 0) + "]"};
}

RandomPolicies::Text RandomPolicies::record(int depth) {
    if (dice_.chance(40)) return leaf(Type::record);
    use("record");
    const std::string first = operand(any_type(), depth, 0);
    return {"{n: " + first + ", \"a b\": " + operand(any_type(), depth, 0) + "}"};
}
// NOLINTEND(misc-no-recursion)

}  // namespace holdfast::cedar_test
