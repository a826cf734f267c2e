// The innermost part of an expression: literals, names, entities, what stands in brackets.
#include <algorithm>
#include <array>
#include <charconv>
#include <limits>

#include "policy/cedar/expressions.h"
#include "policy/cedar/limits.h"
#include "policy/cedar/strings.h"

// NOLINTBEGIN(misc-no-recursion): expression() counts how deep it is in itself.
namespace holdfast::policy::cedar {
namespace {

using Kind = Token::Kind;

Expr literal(Position at, Value value) {
    return Expr{Operator::literal, 1, at, std::move(value), {}, {}};
}

}  // namespace

bool is_reserved(std::string_view word) noexcept {
    static constexpr std::array<std::string_view, 10> words = {
        "if", "then", "else", "true", "false", "in", "is", "has", "like", "__cedar"};
    return std::find(words.begin(), words.end(), word) != words.end();
}

Result<std::string> ExpressionParser::text_of(const Token& string, std::size_t most) {
    auto text = unescape(string.text);
    if (!text) return tokens_.wrong_at(string.at, text.error().text());
    if (text->size() > most)
        return tokens_.wrong_at(string.at,
                                "a string of more than " + std::to_string(most) + " bytes");
    return text;
}

// An identifier, or any text in quotes.
Result<std::string> ExpressionParser::attribute_name(const Token& token) {
    if (token.kind == Kind::string) return text_of(token, max_name);
    if (is_reserved(token.text))
        return tokens_.wrong_at(token.at, std::string(token.text) + " is a reserved word");
    return std::string(token.text);
}

Result<Token> ExpressionParser::type_name() {
    HOLDFAST_TRY(type, tokens_.expect(Kind::name, "an entity type"));
    if (is_reserved(type.text))
        return tokens_.wrong_at(type.at, std::string(type.text) + " is a reserved word");
    if (tokens_.at_symbol("::"))
        return tokens_.wrong_at(type.at, "entity types with a namespace are not supported");
    return type;
}

Result<Named> ExpressionParser::entity() {
    HOLDFAST_TRY(type, tokens_.expect(Kind::name, "an entity (Type::\"id\")"));
    if (!tokens_.at_symbol("::")) return tokens_.expected("::");
    HOLDFAST_TRY(named, entity_of(type));
    return Named{*named.value.entity(), named.at};
}

Result<Expr> ExpressionParser::entity_of(const Token& type) {
    if (is_reserved(type.text))
        return tokens_.wrong_at(type.at, std::string(type.text) + " is a reserved word");
    tokens_.take();
    if (tokens_.at(Kind::name))
        return tokens_.wrong_at(type.at, "entity types with a namespace are not supported");
    HOLDFAST_TRY(id, tokens_.expect(Kind::string, "an id in quotes"));
    HOLDFAST_TRY(text, text_of(id, max_string));
    return literal(type.at, EntityUid{std::string(type.text), std::move(text)});
}

Result<Expr> ExpressionParser::primary() {
    switch (tokens_.now().kind) {
        case Kind::number: return number(false);
        case Kind::name: return name();
        case Kind::symbol: return bracketed();
        case Kind::string: break;
        default: return tokens_.expected("an expression");
    }
    const Token token = tokens_.take();
    HOLDFAST_TRY(text, text_of(token, max_string));
    return literal(token.at, std::move(text));
}

Result<Expr> ExpressionParser::number(bool is_negative) {
    static constexpr auto largest =
        static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    const Token token = tokens_.take();
    std::uint64_t magnitude = 0;
    const char* const end = token.text.data() + token.text.size();
    const auto read = std::from_chars(token.text.data(), end, magnitude);
    // As in Cedar the sign of `-1.a` belongs to all of it, so it is no part of this literal.
    const bool is_accessed =
        tokens_.at_symbol(".") || tokens_.at_symbol("[") || tokens_.at_symbol("(");
    const bool takes_sign = is_negative && !is_accessed;
    if (read.ec != std::errc() || magnitude > largest + (takes_sign ? 1 : 0))
        return tokens_.wrong_at(token.at, "a number that needs more than 64 bits");
    if (takes_sign) return literal(token.at, static_cast<std::int64_t>(0 - magnitude));
    return accessed(literal(token.at, static_cast<std::int64_t>(magnitude)));
}

Result<Expr> ExpressionParser::name() {
    static constexpr std::array<std::pair<std::string_view, Operator>, 4> variables = {{
        {"principal", Operator::principal},
        {"action", Operator::action},
        {"resource", Operator::resource},
        {"context", Operator::context},
    }};
    const Token token = tokens_.take();
    if (tokens_.at_symbol("::")) return entity_of(token);
    if (token.text == "true" || token.text == "false")
        return literal(token.at, token.text == "true");
    if (tokens_.at_symbol("("))
        return tokens_.wrong_at(token.at,
                                "functions are not supported: " + std::string(token.text) + "()");
    for (const auto& [variable, op] : variables)
        if (token.text == variable) return made(op, token.at, {});
    if (token.text == "if") return tokens_.wrong_at(token.at, "if needs parentheses here");
    return tokens_.wrong_at(token.at, "expected an expression, found " + std::string(token.text));
}

Result<Expr> ExpressionParser::bracketed() {
    if (tokens_.at_symbol("?")) return tokens_.wrong("templates are not supported");
    if (tokens_.at_symbol("[")) return set();
    if (tokens_.at_symbol("{")) return record();
    if (!tokens_.take_symbol("(")) return tokens_.expected("an expression");
    HOLDFAST_TRY(inner, expression());
    HOLDFAST_CHECK(tokens_.expect(")"));
    return inner;
}

Result<Expr> ExpressionParser::set() {
    const Position at = tokens_.take().at;
    std::vector<Expr> elements;
    while (!tokens_.take_symbol("]")) {
        if (elements.size() == max_elements)
            return tokens_.wrong("a set of more than " + std::to_string(max_elements) +
                                 " elements");
        HOLDFAST_TRY(element, expression());
        elements.push_back(std::move(element));
        if (!tokens_.at_symbol("]")) HOLDFAST_CHECK(tokens_.expect(","));
    }
    return made(Operator::set, at, std::move(elements));
}

Result<Expr> ExpressionParser::record() {
    const Position at = tokens_.take().at;
    std::vector<std::string> names;
    std::vector<Expr> values;
    while (!tokens_.take_symbol("}")) {
        const Position key_at = tokens_.now().at;
        if (names.size() == max_elements)
            return tokens_.wrong("a record of more than " + std::to_string(max_elements) +
                                 " members");
        HOLDFAST_TRY(key, record_key());
        if (std::find(names.begin(), names.end(), key) != names.end())
            return tokens_.wrong_at(key_at, "a member that the record has already");
        HOLDFAST_CHECK(tokens_.expect(":"));
        HOLDFAST_TRY(value, expression());
        names.push_back(std::move(key));
        values.push_back(std::move(value));
        if (!tokens_.at_symbol("}")) HOLDFAST_CHECK(tokens_.expect(","));
    }
    return made(Operator::record, at, std::move(values), std::move(names));
}

Result<std::string> ExpressionParser::record_key() {
    if (!tokens_.at(Kind::string) && !tokens_.at(Kind::name))
        return tokens_.expected("the name of a member");
    const Token token = tokens_.take();
    return attribute_name(token);
}

}  // namespace holdfast::policy::cedar
// NOLINTEND(misc-no-recursion)
