#include "policy/cedar/expressions.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "policy/cedar/limits.h"
#include "policy/cedar/strings.h"

// NOLINTBEGIN(misc-no-recursion): expression() counts how deep it is in itself.
namespace holdfast::policy::cedar {
namespace {

using Kind = Token::Kind;

std::string more_than(std::size_t count, std::string_view what) {
    return "more than " + std::to_string(count) + " " + std::string(what);
}

constexpr std::array<std::pair<std::string_view, Operator>, 7> relations = {{
    {"==", Operator::equal},
    {"!=", Operator::not_equal},
    {"<", Operator::less},
    {"<=", Operator::less_equal},
    {">", Operator::greater},
    {">=", Operator::greater_equal},
    {"in", Operator::in},
}};

std::optional<Operator> relation_at(const Tokens& tokens) {
    for (const auto& [symbol, op] : relations)
        if (tokens.at_symbol(symbol) || tokens.at_word(symbol)) return op;
    return std::nullopt;
}

bool is_related(const Tokens& tokens) {
    return relation_at(tokens) || tokens.at_word("has") || tokens.at_word("like") ||
           tokens.at_word("is");
}

std::vector<Expr> both(Expr left, Expr right) {
    std::vector<Expr> operands;
    operands.reserve(2);
    operands.push_back(std::move(left));
    operands.push_back(std::move(right));
    return operands;
}

std::vector<Expr> only(Expr operand) {
    std::vector<Expr> operands;
    operands.push_back(std::move(operand));
    return operands;
}

}  // namespace

Result<Expr> ExpressionParser::made(Expr expr) {
    std::size_t height = 0;
    for (const Expr& operand : expr.operands)
        height = std::max<std::size_t>(height, operand.height);
    if (height >= max_depth)
        return tokens_.wrong_at(expr.at, "nested in " + more_than(max_depth, "levels"));
    expr.height = static_cast<std::uint8_t>(height + 1);
    return expr;
}

Result<Expr> ExpressionParser::made(Operator op, Position at, std::vector<Expr> operands,
                                    std::vector<std::string> names) {
    return made(Expr{op, 1, at, {}, std::move(names), std::move(operands)});
}

Result<Expr> ExpressionParser::expression() {
    if (depth_ == max_depth) return tokens_.wrong("nested in " + more_than(max_depth, "levels"));
    ++depth_;
    auto read = tokens_.at_word("if") ? conditional() : any();
    --depth_;
    return read;
}

Result<Expr> ExpressionParser::conditional() {
    const Position at = tokens_.take().at;
    std::vector<Expr> operands;
    for (const std::string_view next : {"then", "else", ""}) {
        HOLDFAST_TRY(operand, expression());
        operands.push_back(std::move(operand));
        if (!next.empty() && !tokens_.take_word(next)) return tokens_.expected(next);
    }
    return made(Operator::conditional, at, std::move(operands));
}

// One node for all of `a && b && c`: a long list is not a deep one.
Result<Expr> ExpressionParser::joined(std::string_view symbol, Operator op, Step step) {
    HOLDFAST_TRY(first, (this->*step)());
    if (!tokens_.at_symbol(symbol)) return first;
    const Position at = tokens_.now().at;
    std::vector<Expr> operands = only(std::move(first));
    while (tokens_.take_symbol(symbol)) {
        HOLDFAST_TRY(next, (this->*step)());
        operands.push_back(std::move(next));
    }
    return made(op, at, std::move(operands));
}

Result<Expr> ExpressionParser::any() {
    return joined("||", Operator::any, &ExpressionParser::all);
}

Result<Expr> ExpressionParser::all() {
    return joined("&&", Operator::all, &ExpressionParser::relation);
}

Result<Expr> ExpressionParser::relation() {
    HOLDFAST_TRY(left, sum());
    if (tokens_.at_symbol("=")) return tokens_.wrong("= is no operator; == compares");
    if (!is_related(tokens_)) return left;
    const auto op = relation_at(tokens_);
    auto related = op                        ? compared(std::move(left), *op)
                   : tokens_.at_word("has")  ? has(std::move(left))
                   : tokens_.at_word("like") ? like(std::move(left))
                                             : is(std::move(left));
    if (related && is_related(tokens_))
        return tokens_.wrong("comparisons do not chain; use parentheses");
    return related;
}

Result<Expr> ExpressionParser::compared(Expr left, Operator op) {
    const Position at = tokens_.take().at;
    HOLDFAST_TRY(right, sum());
    return made(op, at, both(std::move(left), std::move(right)));
}

Result<Expr> ExpressionParser::has(Expr left) {
    const Position at = tokens_.take().at;
    if (!tokens_.at(Kind::string) && !tokens_.at(Kind::name))
        return tokens_.expected("an attribute after has");
    const Token token = tokens_.take();
    HOLDFAST_TRY(name, attribute_name(token));
    if (tokens_.at_symbol("."))
        return tokens_.wrong("has takes one attribute: a has b && a.b has c");
    return made(Operator::has, at, only(std::move(left)), {std::move(name)});
}

Result<Expr> ExpressionParser::like(Expr left) {
    const Position at = tokens_.take().at;
    HOLDFAST_TRY(token, tokens_.expect(Kind::string, "a pattern in quotes"));
    auto parts = pattern_parts(token.text);
    if (!parts) return tokens_.wrong_at(token.at, parts.error().text());
    std::size_t size = parts->size() - 1;
    for (const std::string& part : *parts)
        size += part.size();
    if (size > max_pattern)
        return tokens_.wrong_at(token.at, "a pattern of " + more_than(max_pattern, "bytes"));
    return made(Operator::like, at, only(std::move(left)), *std::move(parts));
}

Result<Expr> ExpressionParser::is(Expr left) {
    const Position at = tokens_.take().at;
    HOLDFAST_TRY(type, type_name());
    std::vector<std::string> names = {std::string(type.text)};
    if (!tokens_.take_word("in")) return made(Operator::is, at, only(std::move(left)), names);
    HOLDFAST_TRY(group, sum());
    return made(Operator::is_in, at, both(std::move(left), std::move(group)), std::move(names));
}

Result<Expr> ExpressionParser::sum() {
    HOLDFAST_TRY(left, product());
    while (tokens_.at_symbol("+") || tokens_.at_symbol("-")) {
        const Token sign = tokens_.take();
        const Operator op = sign.text == "+" ? Operator::add : Operator::subtract;
        HOLDFAST_TRY(right, product());
        HOLDFAST_TRY(next, made(op, sign.at, both(std::move(left), std::move(right))));
        left = std::move(next);
    }
    return left;
}

Result<Expr> ExpressionParser::product() {
    HOLDFAST_TRY(left, unary());
    while (tokens_.at_symbol("*")) {
        const Position at = tokens_.take().at;
        HOLDFAST_TRY(right, unary());
        HOLDFAST_TRY(next, made(Operator::multiply, at, both(std::move(left), std::move(right))));
        left = std::move(next);
    }
    if (tokens_.at_symbol("/") || tokens_.at_symbol("%"))
        return tokens_.wrong("there is no division in Cedar");
    return left;
}

Result<Expr> ExpressionParser::unary() {
    const Token sign = tokens_.now();
    const bool is_minus = tokens_.at_symbol("-");
    std::size_t count = 0;
    if (is_minus || tokens_.at_symbol("!"))
        while (tokens_.take_symbol(sign.text))
            ++count;
    if (count > max_unary) return tokens_.wrong_at(sign.at, more_than(max_unary, "signs in a row"));
    // -9223372036854775808 is a literal: without its sign it were too large.
    const bool is_negative = is_minus && count > 0 && tokens_.at(Kind::number);
    auto operand = is_negative ? number(true) : member();
    if (!operand) return operand;
    if (is_negative && operand->op == Operator::literal) --count;
    Expr inner = *std::move(operand);
    for (; count > 0; --count) {
        HOLDFAST_TRY(outer, made(is_minus ? Operator::minus : Operator::negate, sign.at,
                                 only(std::move(inner))));
        inner = std::move(outer);
    }
    return inner;
}

Result<Expr> ExpressionParser::member() {
    HOLDFAST_TRY(value, primary());
    return accessed(std::move(value));
}

Result<Expr> ExpressionParser::accessed(Expr value) {
    while (true) {
        if (tokens_.at_symbol("(")) return tokens_.wrong("this is nothing that can be called");
        const bool is_indexed = tokens_.at_symbol("[");
        if (!is_indexed && !tokens_.at_symbol(".")) return value;
        HOLDFAST_TRY(
            next, is_indexed ? indexed_access(std::move(value)) : named_access(std::move(value)));
        value = std::move(next);
    }
}

Result<Expr> ExpressionParser::named_access(Expr value) {
    tokens_.take();
    HOLDFAST_TRY(token, tokens_.expect(Kind::name, "an attribute"));
    HOLDFAST_TRY(name, attribute_name(token));
    if (tokens_.at_symbol("(")) return method(std::move(value), token);
    return made(Operator::attribute, token.at, only(std::move(value)), {std::move(name)});
}

Result<Expr> ExpressionParser::indexed_access(Expr value) {
    tokens_.take();
    HOLDFAST_TRY(token, tokens_.expect(Kind::string, "an attribute in quotes"));
    HOLDFAST_TRY(name, attribute_name(token));
    HOLDFAST_CHECK(tokens_.expect("]"));
    return made(Operator::attribute, token.at, only(std::move(value)), {std::move(name)});
}

Result<Expr> ExpressionParser::method(Expr value, const Token& name) {
    static constexpr std::array<std::pair<std::string_view, Operator>, 3> methods = {{
        {"contains", Operator::contains},
        {"containsAll", Operator::contains_all},
        {"containsAny", Operator::contains_any},
    }};
    const auto* const known = std::find_if(methods.begin(), methods.end(), [&](const auto& method) {
        return method.first == name.text;
    });
    if (known == methods.end())
        return tokens_.wrong_at(name.at, "." + std::string(name.text) + "() is not supported");
    tokens_.take();
    HOLDFAST_TRY(argument, expression());
    tokens_.take_symbol(",");
    HOLDFAST_CHECK(tokens_.expect(")"));
    return made(known->second, name.at, both(std::move(value), std::move(argument)));
}

}  // namespace holdfast::policy::cedar
// NOLINTEND(misc-no-recursion)
