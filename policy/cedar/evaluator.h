// Evaluator: what expressions are worth in one request.
#ifndef HOLDFAST_POLICY_CEDAR_EVALUATOR_H
#define HOLDFAST_POLICY_CEDAR_EVALUATOR_H

#include "policy/cedar/evaluate.h"

namespace holdfast::policy::cedar {

// Semantics: docs.cedarpolicy.com/policies/syntax-operators.html. An Error's text begins with
// "LINE:COLUMN: ", and names nothing that the request brought along but types.
class Evaluator {
  public:
    explicit Evaluator(const Request& request);  // which must outlive this

    bool is_in_scope(const Policy& policy) const;
    Result<Value> value(const Expr& expr) const;
    // invalid also where it is no bool.
    Result<bool> truth(const Expr& expr) const;

  private:
    // One of the request's three, looked up once.
    struct Known {
        const EntityUid* uid;
        const Entity* entity;  // null: unknown
    };

    Known known(const EntityUid& uid) const;
    static bool is_in(const Known& entity, const EntityUid& group);
    static bool fits(const Scope& scope, const Known& entity);

    Result<bool> holds(const Expr& expr) const;  // of what can only be a bool
    Result<bool> chain(const Expr& expr) const;
    Result<bool> membership(const Expr& expr, const Value& value, const Expr& groups) const;
    Result<bool> is_of_type(const Expr& expr) const;
    Result<bool> comparison(const Expr& expr) const;
    Result<bool> in_set(const Expr& expr) const;
    Result<bool> has(const Expr& expr) const;
    Result<bool> like(const Expr& expr) const;
    Result<Value> conditional(const Expr& expr) const;
    Result<Value> attribute(const Expr& expr) const;
    Result<Value> arithmetic(const Expr& expr) const;
    Result<Value> set(const Expr& expr) const;
    Result<Value> record(const Expr& expr) const;
    Result<std::int64_t> integer(const Expr& expr) const;

    const Request& request_;
    Known principal_, action_, resource_;
    Value principal_value_, action_value_, resource_value_;
};

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_EVALUATOR_H
