// Tokens: a policy text in pieces, the next one always at hand, and errors that name its place.
#ifndef HOLDFAST_POLICY_CEDAR_TOKENS_H
#define HOLDFAST_POLICY_CEDAR_TOKENS_H

#include <string>
#include <string_view>

#include "holdfast/result.h"
#include "policy/cedar/ast.h"

namespace holdfast::policy::cedar {

struct Token {
    enum class Kind : std::uint8_t {
        end,
        name,    // an identifier or a keyword
        number,  // digits
        string,  // what stands between the quotes, escapes as written
        symbol,
        broken,  // text says why
    };
    Kind kind = Kind::end;
    std::string_view text;
    Position at;
};

class Tokens {
  public:
    // Both must outlive this. The text is UTF-8.
    Tokens(std::string_view file, std::string_view text);

    const Token& now() const noexcept { return now_; }
    bool at(Token::Kind kind) const noexcept { return now_.kind == kind; }
    bool at_symbol(std::string_view symbol) const noexcept {
        return at(Token::Kind::symbol) && now_.text == symbol;
    }
    bool at_word(std::string_view word) const noexcept {
        return at(Token::Kind::name) && now_.text == word;
    }

    Token take();                               // the next one, whatever it is
    bool take_symbol(std::string_view symbol);  // only if it is there
    bool take_word(std::string_view word);
    Done expect(std::string_view symbol);
    Result<Token> expect(Token::Kind kind, std::string_view what);

    Error wrong(std::string_view what) const;  // here; what makes a token broken comes first
    Error wrong_at(Position at, std::string_view what) const;
    // "expected WHAT, found …"
    Error expected(std::string_view what) const;
    std::string_view file() const noexcept { return file_; }

  private:
    void skip_space_and_comments();
    void skip(std::size_t bytes);
    Token read();
    Token piece(Token::Kind kind, std::size_t bytes);
    Token string();

    std::string_view file_;
    std::string_view rest_;
    Position place_;
    Token now_;
};

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_TOKENS_H
