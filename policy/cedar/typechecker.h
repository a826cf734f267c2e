// Typechecker: gives every expression of a policy a type, and reports where that cannot be.
#ifndef HOLDFAST_POLICY_CEDAR_TYPECHECKER_H
#define HOLDFAST_POLICY_CEDAR_TYPECHECKER_H

#include <set>
#include <string>
#include <vector>

#include "policy/cedar/types.h"
#include "policy/cedar/validate.h"

namespace holdfast::policy::cedar {

// After Cedar's strict validator (docs.cedarpolicy.com/policies/validation.html), and stricter
// where a policy would never do what it says: what is behind `false &&` is checked too, and an
// attribute that nothing has is no question to ask.
class Typechecker {
  public:
    // Both must outlive this. Findings are added.
    Typechecker(const Policy& policy, std::vector<Finding>& findings)
        : policy_(policy), findings_(findings) {}

    void check();

  private:
    // Paths of optional attributes that are known to be there: `context has params`.
    using Guards = std::set<std::string>;

    // `known` holds while the expression is evaluated; `gained` are those that hold besides where
    // it comes out true.
    Type type_of(const Expr& expr, const Guards& known, Guards& gained);
    Type operand(const Expr& expr, std::size_t number, const Guards& known);
    // Reports an operand that is of no such kind.
    void need(const Expr& operand, Type::Kind kind, const Guards& known, Guards& gained);
    void need_all(const Expr& expr, Type::Kind kind, const Guards& known);

    Type literal(const Expr& expr);
    Type conditional(const Expr& expr, const Guards& known, Guards& gained);
    void all(const Expr& expr, const Guards& known, Guards& gained);
    void any(const Expr& expr, const Guards& known, Guards& gained);
    void equality(const Expr& expr, const Guards& known);
    void membership(const Expr& expr, const Type& left, const Guards& known);
    void in_set(const Expr& expr, const Guards& known);
    void is(const Expr& expr, const Guards& known);
    void has(const Expr& expr, const Guards& known, Guards& gained);
    Type attribute(const Expr& expr, const Guards& known);
    Type set(const Expr& expr, const Guards& known);
    Type record(const Expr& expr, const Guards& known);

    struct Member {
        bool is_there = true;
        bool is_optional = false;
        Type type;  // unknown where there is none
    };
    // Reports an owner that has no attributes, or not this one.
    Member member_of(const Expr& expr, const Type& owner);

    void add(Position at, std::string text);

    const Policy& policy_;
    std::vector<Finding>& findings_;
};

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_TYPECHECKER_H
