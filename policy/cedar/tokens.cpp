#include "policy/cedar/tokens.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/cedar/limits.h"

namespace holdfast::policy::cedar {
namespace {

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_space(char c) {
    return c == ' ' || (c >= '\t' && c <= '\r');
}

template <class Predicate>
std::size_t span_of(std::string_view text, Predicate&& belongs) {
    return static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), belongs) -
                                    text.begin());
}

// Longer ones first. `=`, `/`, `%` and `?` are in no expression; they are named when refused.
constexpr std::array<std::string_view, 28> symbols = {
    "::", "==", "!=", "<=", ">=", "||", "&&", "@", ".", ",", ";", ":", "(", ")",
    "{",  "}",  "[",  "]",  "<",  ">",  "+",  "-", "*", "!", "=", "/", "%", "?"};

}  // namespace

Tokens::Tokens(std::string_view file, std::string_view text) : file_(file), rest_(text) {
    now_ = read();
}

Token Tokens::take() {
    // A broken token stays: there is nothing to read behind it.
    if (now_.kind == Token::Kind::broken) return now_;
    return std::exchange(now_, read());
}

bool Tokens::take_symbol(std::string_view symbol) {
    if (!at_symbol(symbol)) return false;
    take();
    return true;
}

bool Tokens::take_word(std::string_view word) {
    if (!at_word(word)) return false;
    take();
    return true;
}

Done Tokens::expect(std::string_view symbol) {
    if (!take_symbol(symbol)) return expected(symbol);
    return done();
}

Result<Token> Tokens::expect(Token::Kind kind, std::string_view what) {
    if (!at(kind)) return expected(what);
    return take();
}

Error Tokens::wrong_at(Position at, std::string_view what) const {
    return {Code::invalid, located(file_, at, what)};
}

Error Tokens::wrong(std::string_view what) const {
    return wrong_at(now_.at, now_.kind == Token::Kind::broken ? now_.text : what);
}

Error Tokens::expected(std::string_view what) const {
    std::string text = "expected " + std::string(what) + ", found ";
    switch (now_.kind) {
        case Token::Kind::end: return wrong(text + "the end");
        case Token::Kind::string: return wrong(text + "a string");
        case Token::Kind::number: return wrong(text + "a number");
        default: return wrong(text.append(now_.text));
    }
}

void Tokens::skip(std::size_t bytes) {
    for (const char c : rest_.substr(0, bytes)) {
        if (c == '\n') {
            ++place_.line;
            place_.column = 1;
        } else if ((static_cast<unsigned char>(c) & 0xC0U) != 0x80U) {
            ++place_.column;  // not within a character
        }
    }
    rest_.remove_prefix(bytes);
}

void Tokens::skip_space_and_comments() {
    while (!rest_.empty()) {
        if (rest_.starts_with("//"))
            skip(std::min(rest_.find_first_of("\r\n"), rest_.size()));
        else if (const std::size_t spaces = span_of(rest_, is_space); spaces > 0)
            skip(spaces);
        else
            return;
    }
}

Token Tokens::piece(Token::Kind kind, std::size_t bytes) {
    const Token token{kind, rest_.substr(0, bytes), place_};
    skip(bytes);
    return token;
}

Token Tokens::string() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"')
        end += rest_[end] == '\\' ? 2U : 1U;
    if (end >= rest_.size()) return {Token::Kind::broken, "a string without an end", place_};
    Token token = piece(Token::Kind::string, end + 1);
    token.text = token.text.substr(1, end - 1);
    return token;
}

Token Tokens::read() {
    skip_space_and_comments();
    if (rest_.empty()) return {Token::Kind::end, {}, place_};
    const char first = rest_.front();
    if (first == '"') return string();
    if (is_digit(first)) return piece(Token::Kind::number, span_of(rest_, is_digit));
    if (begins_name(first)) {
        const std::size_t size =
            span_of(rest_, [](char c) { return begins_name(c) || is_digit(c); });
        if (size > max_name) return {Token::Kind::broken, "a name of more than 128 bytes", place_};
        return piece(Token::Kind::name, size);
    }
    const auto* const symbol =
        std::find_if(symbols.begin(), symbols.end(),
                     [&](std::string_view known) { return rest_.starts_with(known); });
    if (symbol == symbols.end())
        return {Token::Kind::broken, "a character that no policy is written with", place_};
    return piece(Token::Kind::symbol, symbol->size());
}

}  // namespace holdfast::policy::cedar
