#include "policy/cedar/typechecker.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "policy/cedar/entity_ids.h"

// NOLINTBEGIN(misc-no-recursion): no expression is higher than max_depth.
namespace holdfast::policy::cedar {
namespace {

using Kind = Type::Kind;
using Guards = std::set<std::string>;

std::string sized(std::string_view text) {
    return std::to_string(text.size()) + ":" + std::string(text);
}

// Names the same value wherever it is written: a chain of attributes from a variable or an entity.
std::optional<std::string> path_of(const Expr& expr) {
    switch (expr.op) {
        case Operator::principal:
        case Operator::action:
        case Operator::resource:
        case Operator::context: return std::string(to_string(expr.op));
        case Operator::literal: {
            const EntityUid* uid = expr.value.entity();
            if (uid == nullptr) return std::nullopt;
            return uid->type + "::" + sized(uid->id);
        }
        case Operator::attribute: {
            auto owner = path_of(expr.operands[0]);
            if (!owner) return std::nullopt;
            return *owner + "." + sized(expr.names[0]);
        }
        default: return std::nullopt;
    }
}

// Of `owner has name` and `owner.name` alike.
std::optional<std::string> member_path(const Expr& expr) {
    auto owner = path_of(expr.operands[0]);
    if (!owner) return std::nullopt;
    return *owner + "." + sized(expr.names[0]);
}

Guards both(const Guards& a, const Guards& b) {
    Guards all = a;
    all.insert(b.begin(), b.end());
    return all;
}

Guards common(const Guards& a, const Guards& b) {
    Guards shared;
    std::set_intersection(a.begin(), a.end(), b.begin(), b.end(),
                          std::inserter(shared, shared.end()));
    return shared;
}

std::string with_article(const Type& type) {
    const std::string name = to_string(type);
    const bool is_vowel = std::string_view("aeiouAEIOU").find(name.front()) != std::string::npos;
    return (is_vowel ? "an " : "a ") + name;
}

}  // namespace

void Typechecker::add(Position at, std::string text) {
    findings_.push_back({policy_.file, at, std::move(text)});
}

// Conditions are one chain of &&: what an earlier `when` has asked, a later one may read.
void Typechecker::check() {
    Guards known;
    for (const Condition& condition : policy_.conditions) {
        Guards gained;
        need(condition.body, Kind::boolean, known, gained);
        if (condition.is_when) known = both(known, gained);
    }
}

Type Typechecker::type_of(const Expr& expr, const Guards& known, Guards& gained) {
    switch (expr.op) {
        case Operator::literal: return literal(expr);
        case Operator::principal: return entity_type(schema::principal_type);
        case Operator::action: return entity_type(schema::action_type);
        case Operator::resource: return entity_type(schema::resource_type);
        case Operator::context:
            return cedar::type_of({"", schema::Kind::record, false, schema::context_members});
        case Operator::conditional: return conditional(expr, known, gained);
        case Operator::attribute: return attribute(expr, known);
        case Operator::set: return set(expr, known);
        case Operator::record: return record(expr, known);
        case Operator::minus:
        case Operator::add:
        case Operator::subtract:
        case Operator::multiply: need_all(expr, Kind::integer, known); return simple(Kind::integer);
        case Operator::all: all(expr, known, gained); break;
        case Operator::any: any(expr, known, gained); break;
        case Operator::negate: need_all(expr, Kind::boolean, known); break;
        case Operator::equal:
        case Operator::not_equal: equality(expr, known); break;
        case Operator::less:
        case Operator::less_equal:
        case Operator::greater:
        case Operator::greater_equal: need_all(expr, Kind::integer, known); break;
        case Operator::in: membership(expr, operand(expr, 0, known), known); break;
        case Operator::contains:
        case Operator::contains_all:
        case Operator::contains_any: in_set(expr, known); break;
        case Operator::has: has(expr, known, gained); break;
        case Operator::like: need_all(expr, Kind::string, known); break;
        case Operator::is:
        case Operator::is_in: is(expr, known); break;
    }
    return simple(Kind::boolean);
}

Type Typechecker::operand(const Expr& expr, std::size_t number, const Guards& known) {
    Guards unused;
    return type_of(expr.operands[number], known, unused);
}

void Typechecker::need(const Expr& operand, Kind kind, const Guards& known, Guards& gained) {
    const Type found = type_of(operand, known, gained);
    if (found.kind != kind && found.kind != Kind::unknown)
        add(operand.at,
            with_article(simple(kind)) + " is needed here, this is " + with_article(found));
}

void Typechecker::need_all(const Expr& expr, Kind kind, const Guards& known) {
    for (const Expr& operand : expr.operands) {
        Guards unused;
        need(operand, kind, known, unused);
    }
}

Type Typechecker::literal(const Expr& expr) {
    if (expr.value.boolean() != nullptr) return simple(Kind::boolean);
    if (expr.value.integer() != nullptr) return simple(Kind::integer);
    if (expr.value.string() != nullptr) return simple(Kind::string);
    const EntityUid& uid = *expr.value.entity();
    if (std::string wrong = problem_of(uid); !wrong.empty()) add(expr.at, std::move(wrong));
    Type type = entity_type(uid.type);
    type.is_named = true;
    return type;
}

Type Typechecker::conditional(const Expr& expr, const Guards& known, Guards& gained) {
    Guards tested;
    Guards then_gained;
    Guards else_gained;
    need(expr.operands[0], Kind::boolean, known, tested);
    const Type then_type = type_of(expr.operands[1], both(known, tested), then_gained);
    const Type else_type = type_of(expr.operands[2], known, else_gained);
    gained = common(both(tested, then_gained), else_gained);
    if (fit(then_type, else_type)) return joined(then_type, else_type);
    add(expr.at, "then is " + with_article(then_type) + ", else is " + with_article(else_type));
    return {};
}

void Typechecker::all(const Expr& expr, const Guards& known, Guards& gained) {
    Guards here = known;
    for (const Expr& operand : expr.operands) {
        Guards more;
        need(operand, Kind::boolean, here, more);
        here.insert(more.begin(), more.end());
        gained.insert(more.begin(), more.end());
    }
}

// Which of them was true is not known.
void Typechecker::any(const Expr& expr, const Guards& known, Guards& gained) {
    for (const Expr& operand : expr.operands) {
        Guards more;
        need(operand, Kind::boolean, known, more);
        gained = &operand == expr.operands.data() ? more : common(gained, more);
    }
}

void Typechecker::equality(const Expr& expr, const Guards& known) {
    const Type left = operand(expr, 0, known);
    const Type right = operand(expr, 1, known);
    if (!fit(left, right))
        add(expr.at, with_article(left) + " never equals " + with_article(right));
}

void Typechecker::membership(const Expr& expr, const Type& left, const Guards& known) {
    const Expr& groups = expr.operands[1];
    const Type right = operand(expr, 1, known);
    if (left.kind != Kind::entity && left.kind != Kind::unknown)
        add(expr.operands[0].at, "an entity is needed here, this is " + with_article(left));
    const bool is_set = right.kind == Kind::set;
    const Type* element = is_set ? right.element() : &right;
    const bool is_known = element != nullptr && element->kind != Kind::unknown;
    const Type group = element == nullptr ? right : *element;
    if (is_known && group.kind != Kind::entity)
        add(groups.at, "an entity or a set of them is needed here, this is " + with_article(right));
    else if (!left.entity.empty() && !group.entity.empty() && !can_be_in(left.entity, group.entity))
        add(expr.at, "no " + std::string(left.entity) + " is in " + with_article(group));
}

void Typechecker::in_set(const Expr& expr, const Guards& known) {
    const Type left = operand(expr, 0, known);
    const Type right = operand(expr, 1, known);
    const bool is_one = expr.op == Operator::contains;
    const auto check_set = [&](const Type& type, const Expr& where) {
        if (type.kind == Kind::set || type.kind == Kind::unknown) return true;
        add(where.at, "a set is needed here, this is " + with_article(type));
        return false;
    };
    if (!check_set(left, expr.operands[0])) return;
    if (!is_one && !check_set(right, expr.operands[1])) return;
    if (!fit(left, is_one ? set_of(right) : right))
        add(expr.at, with_article(left) + (is_one ? " never holds " : " never holds what is in ") +
                         with_article(right));
}

void Typechecker::is(const Expr& expr, const Guards& known) {
    const Type left = operand(expr, 0, known);
    const std::string& type = expr.names[0];
    if (left.kind != Kind::entity && left.kind != Kind::unknown)
        add(expr.operands[0].at, "an entity is needed here, this is " + with_article(left));
    else if (find_entity_type(type) == nullptr)
        add(expr.at, "there is no entity type " + type);
    else if (!left.entity.empty() && left.entity != type)
        add(expr.at, with_article(left) + " is never " + with_article(entity_type(type)));
    if (expr.op == Operator::is_in) membership(expr, entity_type(type), known);
}

Typechecker::Member Typechecker::member_of(const Expr& expr, const Type& owner) {
    const std::string& name = expr.names[0];
    const bool is_owner = owner.kind == Kind::entity || owner.kind == Kind::record;
    if (owner.kind == Kind::unknown || owner.is_open) return {};
    if (owner.kind == Kind::entity && owner.entity.empty()) return {};
    if (owner.is_named) {
        add(expr.at, "what " + with_article(owner) + " named here has is not known; only the " +
                         "request's own entities have attributes");
        return {};
    }
    const auto written = std::find(owner.names.begin(), owner.names.end(), name);
    if (written != owner.names.end())
        return {true, false, *owner.parts[static_cast<std::size_t>(written - owner.names.begin())]};
    for (const schema::Attribute& attribute : owner.members)
        if (attribute.name == name) return {true, attribute.is_optional, cedar::type_of(attribute)};
    add(expr.at, is_owner ? with_article(owner) + " has no attribute " + name
                          : with_article(owner) + " has no attributes");
    return {false, false, {}};
}

void Typechecker::has(const Expr& expr, const Guards& known, Guards& gained) {
    if (!member_of(expr, operand(expr, 0, known)).is_there) return;
    if (auto path = member_path(expr)) gained.insert(*std::move(path));
}

Type Typechecker::attribute(const Expr& expr, const Guards& known) {
    const Member member = member_of(expr, operand(expr, 0, known));
    if (!member.is_optional) return member.type;
    const auto path = member_path(expr);
    if (!path || !known.contains(*path))
        add(expr.at, "the attribute " + expr.names[0] + " may be missing: ask `has " +
                         expr.names[0] + "` before");
    return member.type;
}

Type Typechecker::set(const Expr& expr, const Guards& known) {
    if (expr.operands.empty()) return simple(Kind::set);
    Type element = operand(expr, 0, known);
    for (std::size_t i = 1; i < expr.operands.size(); ++i) {
        const Type next = operand(expr, i, known);
        // Entities of different types: to be in one of several groups.
        const bool are_entities = element.kind == Kind::entity && next.kind == Kind::entity;
        if (!are_entities && !fit(element, next))
            add(expr.operands[i].at,
                "a set of " + to_string(element) + " cannot hold " + with_article(next));
        element = joined(element, next);
    }
    return set_of(std::move(element));
}

Type Typechecker::record(const Expr& expr, const Guards& known) {
    Type type = simple(Kind::record);
    type.names = expr.names;
    for (std::size_t i = 0; i < expr.operands.size(); ++i)
        type.parts.push_back(std::make_shared<const Type>(operand(expr, i, known)));
    return type;
}

}  // namespace holdfast::policy::cedar
// NOLINTEND(misc-no-recursion)
