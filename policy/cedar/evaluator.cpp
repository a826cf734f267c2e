#include "policy/cedar/evaluator.h"

#include <algorithm>

#include "policy/cedar/strings.h"

// NOLINTBEGIN(misc-no-recursion): no expression is higher than max_depth.
namespace holdfast::policy::cedar {
namespace {

Error wrong(const Expr& expr, std::string_view what) {
    return {Code::invalid, std::to_string(expr.at.line) + ":" + std::to_string(expr.at.column) +
                               ": " + std::string(what)};
}

Error takes(const Expr& expr, std::string_view expected, const Value& found) {
    return wrong(expr, std::string(to_string(expr.op)) + " takes " + std::string(expected) +
                           ", not " + std::string(found.type_name()));
}

bool is_arithmetic(Operator op) {
    return op == Operator::minus || op == Operator::add || op == Operator::subtract ||
           op == Operator::multiply;
}

// What comes out as a bool or not at all.
bool is_truth(Operator op) {
    switch (op) {
        case Operator::literal:
        case Operator::principal:
        case Operator::action:
        case Operator::resource:
        case Operator::context:
        case Operator::conditional:
        case Operator::attribute:
        case Operator::set:
        case Operator::record: return false;
        default: return !is_arithmetic(op);
    }
}

bool is_less(Operator op, std::int64_t left, std::int64_t right) {
    switch (op) {
        case Operator::less: return left < right;
        case Operator::less_equal: return left <= right;
        case Operator::greater: return left > right;
        default: return left >= right;
    }
}

// False when it does not fit into 64 bits.
bool computed(Operator op, std::int64_t left, std::int64_t right, std::int64_t& result) {
    switch (op) {
        case Operator::add: return !__builtin_add_overflow(left, right, &result);
        case Operator::multiply: return !__builtin_mul_overflow(left, right, &result);
        default: return !__builtin_sub_overflow(left, right, &result);
    }
}

}  // namespace

Evaluator::Evaluator(const Request& request)
    : request_(request),
      principal_(known(request.principal)),
      action_(known(request.action)),
      resource_(known(request.resource)),
      principal_value_(request.principal),
      action_value_(request.action),
      resource_value_(request.resource) {}

Evaluator::Known Evaluator::known(const EntityUid& uid) const {
    const auto found = request_.entities.find(uid);
    return {&uid, found == request_.entities.end() ? nullptr : &found->second};
}

bool Evaluator::is_in(const Known& entity, const EntityUid& group) {
    if (*entity.uid == group) return true;
    if (entity.entity == nullptr) return false;
    const auto& ancestors = entity.entity->ancestors;
    return std::find(ancestors.begin(), ancestors.end(), group) != ancestors.end();
}

// ── scopes ──────────────────────────────────────────────────────────────────────────────────────

bool Evaluator::fits(const Scope& scope, const Known& entity) {
    const auto is_in_one = [&] {
        return std::any_of(scope.entities.begin(), scope.entities.end(),
                           [&](const Named& named) { return is_in(entity, named.uid); });
    };
    switch (scope.kind) {
        case Scope::Kind::any: return true;
        case Scope::Kind::equal: return *entity.uid == scope.entities.front().uid;
        case Scope::Kind::in: return is_in_one();
        case Scope::Kind::is: return entity.uid->type == scope.type;
        case Scope::Kind::is_in: return entity.uid->type == scope.type && is_in_one();
    }
    return false;
}

bool Evaluator::is_in_scope(const Policy& policy) const {
    return fits(policy.action, action_) && fits(policy.principal, principal_) &&
           fits(policy.resource, resource_);
}

// ── values ──────────────────────────────────────────────────────────────────────────────────────

Result<Value> Evaluator::value(const Expr& expr) const {
    switch (expr.op) {
        case Operator::literal: return expr.value;
        case Operator::principal: return principal_value_;
        case Operator::action: return action_value_;
        case Operator::resource: return resource_value_;
        case Operator::context: return request_.context;
        case Operator::conditional: return conditional(expr);
        case Operator::attribute: return attribute(expr);
        case Operator::set: return set(expr);
        case Operator::record: return record(expr);
        default: break;
    }
    if (is_arithmetic(expr.op)) return arithmetic(expr);
    HOLDFAST_TRY(truth, holds(expr));
    return Value(truth);
}

Result<Value> Evaluator::conditional(const Expr& expr) const {
    HOLDFAST_TRY(test, truth(expr.operands[0]));
    return value(expr.operands[test ? 1 : 2]);
}

Result<Value> Evaluator::attribute(const Expr& expr) const {
    HOLDFAST_TRY(owner, value(expr.operands[0]));
    const Record* record = owner.record();
    if (const EntityUid* uid = owner.entity()) {
        const Entity* entity = known(*uid).entity;
        if (entity == nullptr)
            return wrong(expr, "an entity that is not known has no attribute " + expr.names[0]);
        record = &entity->attributes;
    }
    if (record == nullptr) return takes(expr, "an entity or a record", owner);
    const auto found = record->find(expr.names[0]);
    if (found == record->end()) return wrong(expr, "there is no attribute " + expr.names[0]);
    return found->second;
}

Result<std::int64_t> Evaluator::integer(const Expr& expr) const {
    HOLDFAST_TRY(number, value(expr));
    if (const std::int64_t* integer = number.integer()) return *integer;
    return wrong(expr, "a long is needed here, not " + std::string(number.type_name()));
}

Result<Value> Evaluator::arithmetic(const Expr& expr) const {
    // -x is 0 - x, also where it overflows.
    const bool is_minus = expr.op == Operator::minus;
    std::int64_t left = 0;
    if (!is_minus) {
        HOLDFAST_TRY(first, integer(expr.operands[0]));
        left = first;
    }
    HOLDFAST_TRY(right, integer(expr.operands[is_minus ? 0 : 1]));
    std::int64_t result = 0;
    if (!computed(expr.op, left, right, result))
        return wrong(expr, std::string(to_string(expr.op)) + " overflows 64 bits");
    return Value(result);
}

Result<Value> Evaluator::set(const Expr& expr) const {
    std::vector<Value> elements;
    elements.reserve(expr.operands.size());
    for (const Expr& operand : expr.operands) {
        HOLDFAST_TRY(element, value(operand));
        elements.push_back(std::move(element));
    }
    return Value(Set(std::move(elements)));
}

Result<Value> Evaluator::record(const Expr& expr) const {
    Record members;
    for (std::size_t i = 0; i < expr.operands.size(); ++i) {
        HOLDFAST_TRY(member, value(expr.operands[i]));
        members.emplace(expr.names[i], std::move(member));
    }
    return Value(std::move(members));
}

// ── truths ──────────────────────────────────────────────────────────────────────────────────────

Result<bool> Evaluator::truth(const Expr& expr) const {
    if (is_truth(expr.op)) return holds(expr);
    HOLDFAST_TRY(found, value(expr));
    if (const bool* boolean = found.boolean()) return *boolean;
    return wrong(expr, "a bool is needed here, not " + std::string(found.type_name()));
}

Result<bool> Evaluator::holds(const Expr& expr) const {
    switch (expr.op) {
        case Operator::all:
        case Operator::any: return chain(expr);
        case Operator::negate: {
            HOLDFAST_TRY(inner, truth(expr.operands[0]));
            return !inner;
        }
        case Operator::in: {
            HOLDFAST_TRY(left, value(expr.operands[0]));
            return membership(expr, left, expr.operands[1]);
        }
        case Operator::is:
        case Operator::is_in: return is_of_type(expr);
        case Operator::contains:
        case Operator::contains_all:
        case Operator::contains_any: return in_set(expr);
        case Operator::has: return has(expr);
        case Operator::like: return like(expr);
        default: return comparison(expr);
    }
}

Result<bool> Evaluator::chain(const Expr& expr) const {
    const bool ends_at = expr.op == Operator::any;
    for (const Expr& operand : expr.operands) {
        HOLDFAST_TRY(holds, truth(operand));
        if (holds == ends_at) return ends_at;
    }
    return !ends_at;
}

Result<bool> Evaluator::membership(const Expr& expr, const Value& value, const Expr& groups) const {
    HOLDFAST_TRY(right, this->value(groups));
    const EntityUid* uid = value.entity();
    if (uid == nullptr) return takes(expr, "an entity on its left", value);
    if (const EntityUid* group = right.entity()) return is_in(known(*uid), *group);
    const Set* set = right.set();
    if (set == nullptr) return takes(expr, "an entity or a set of entities", right);
    // All are looked at before one is found: a set with something else in it is an error.
    for (const Value& element : *set)
        if (element.entity() == nullptr) return takes(expr, "a set of entities only", element);
    const Known entity = known(*uid);
    return std::any_of(set->begin(), set->end(),
                       [&](const Value& element) { return is_in(entity, *element.entity()); });
}

Result<bool> Evaluator::is_of_type(const Expr& expr) const {
    HOLDFAST_TRY(left, value(expr.operands[0]));
    const EntityUid* uid = left.entity();
    if (uid == nullptr) return takes(expr, "an entity", left);
    if (uid->type != expr.names[0]) return false;
    if (expr.op == Operator::is) return true;
    return membership(expr, left, expr.operands[1]);
}

Result<bool> Evaluator::comparison(const Expr& expr) const {
    HOLDFAST_TRY(left, value(expr.operands[0]));
    HOLDFAST_TRY(right, value(expr.operands[1]));
    if (expr.op == Operator::equal) return left == right;
    if (expr.op == Operator::not_equal) return !(left == right);
    if (left.integer() == nullptr) return takes(expr, "longs", left);
    if (right.integer() == nullptr) return takes(expr, "longs", right);
    return is_less(expr.op, *left.integer(), *right.integer());
}

Result<bool> Evaluator::in_set(const Expr& expr) const {
    HOLDFAST_TRY(left, value(expr.operands[0]));
    HOLDFAST_TRY(right, value(expr.operands[1]));
    const Set* set = left.set();
    if (set == nullptr) return takes(expr, "a set on its left", left);
    if (expr.op == Operator::contains) return set->contains(right);
    if (right.set() == nullptr) return takes(expr, "a set", right);
    return expr.op == Operator::contains_all ? set->contains_all(*right.set())
                                             : set->contains_any(*right.set());
}

Result<bool> Evaluator::has(const Expr& expr) const {
    HOLDFAST_TRY(owner, value(expr.operands[0]));
    const Record* record = owner.record();
    if (const EntityUid* uid = owner.entity()) {
        const Entity* entity = known(*uid).entity;
        if (entity == nullptr) return false;
        record = &entity->attributes;
    }
    if (record == nullptr) return takes(expr, "an entity or a record", owner);
    return record->contains(expr.names[0]);
}

Result<bool> Evaluator::like(const Expr& expr) const {
    HOLDFAST_TRY(left, value(expr.operands[0]));
    if (left.string() == nullptr) return takes(expr, "a string", left);
    return matches(expr.names, *left.string());
}

}  // namespace holdfast::policy::cedar
// NOLINTEND(misc-no-recursion)
