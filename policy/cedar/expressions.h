// ExpressionParser: the grammar of Cedar's expressions, as far as the subset goes.
#ifndef HOLDFAST_POLICY_CEDAR_EXPRESSIONS_H
#define HOLDFAST_POLICY_CEDAR_EXPRESSIONS_H

#include <string_view>

#include "policy/cedar/tokens.h"

namespace holdfast::policy::cedar {

// Words that are no names of attributes, variables or types.
bool is_reserved(std::string_view word) noexcept;

// Every Error is "FILE:LINE:COLUMN: what".
class ExpressionParser {
  public:
    // tokens must outlive this; what is read is taken from it.
    explicit ExpressionParser(Tokens& tokens) : tokens_(tokens) {}

    Result<Expr> expression();
    // Type::"id"
    Result<Named> entity();
    // The type after `is`: one name.
    Result<Token> type_name();
    // Escapes resolved, at most `most` bytes.
    Result<std::string> text_of(const Token& string, std::size_t most);

  private:
    using Step = Result<Expr> (ExpressionParser::*)();

    Result<Expr> conditional();
    Result<Expr> any();
    Result<Expr> all();
    Result<Expr> relation();
    Result<Expr> sum();
    Result<Expr> product();
    Result<Expr> unary();
    Result<Expr> member();
    Result<Expr> primary();

    Result<Expr> joined(std::string_view symbol, Operator op, Step step);
    Result<Expr> compared(Expr left, Operator op);
    Result<Expr> has(Expr left);
    Result<Expr> like(Expr left);
    Result<Expr> is(Expr left);
    Result<Expr> accessed(Expr value);
    Result<Expr> named_access(Expr value);
    Result<Expr> indexed_access(Expr value);
    Result<Expr> method(Expr value, const Token& name);
    Result<Expr> name();
    Result<Expr> entity_of(const Token& type);
    Result<Expr> number(bool is_negative);
    Result<Expr> bracketed();
    Result<Expr> set();
    Result<Expr> record();
    Result<std::string> record_key();
    Result<std::string> attribute_name(const Token& token);

    // invalid: higher than max_depth.
    Result<Expr> made(Expr expr);
    Result<Expr> made(Operator op, Position at, std::vector<Expr> operands,
                      std::vector<std::string> names = {});

    Tokens& tokens_;
    std::size_t depth_ = 0;  // of expression() in itself
};

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_EXPRESSIONS_H
