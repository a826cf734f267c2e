#include "policy/cedar/types.h"

#include <algorithm>
#include <array>
#include <map>

namespace holdfast::policy::cedar {

using Kind = Type::Kind;

Type simple(Kind kind) {
    Type type;
    type.kind = kind;
    return type;
}

const schema::EntityType* find_entity_type(std::string_view name) noexcept {
    const auto* const found =
        std::find_if(schema::entity_types.begin(), schema::entity_types.end(),
                     [&](const schema::EntityType& type) { return type.name == name; });
    return found == schema::entity_types.end() ? nullptr : found;
}

Type entity_type(std::string_view name) {
    const schema::EntityType* known = find_entity_type(name);
    if (known == nullptr) return {};
    Type type = simple(Kind::entity);
    type.entity = known->name;
    type.members = known->attributes;
    return type;
}

Type set_of(Type element) {
    Type type = simple(Kind::set);
    type.parts.push_back(std::make_shared<const Type>(std::move(element)));
    return type;
}

Type type_of(const schema::Attribute& attribute) {
    switch (attribute.kind) {
        case schema::Kind::boolean: return simple(Kind::boolean);
        case schema::Kind::integer: return simple(Kind::integer);
        case schema::Kind::string: return simple(Kind::string);
        default: break;
    }
    Type type = simple(Kind::record);
    type.is_open = attribute.kind == schema::Kind::open_record;
    type.members = attribute.members;
    return type;
}

// NOLINTBEGIN(misc-no-recursion): types are no deeper than expressions.
std::string to_string(const Type& type) {
    static constexpr std::array<std::string_view, 7> names = {"anything", "bool", "long",  "string",
                                                              "entity",   "set",  "record"};
    if (type.kind == Kind::entity && !type.entity.empty()) return std::string(type.entity);
    if (type.kind == Kind::set && type.element() != nullptr)
        return "set of " + to_string(*type.element());
    return std::string(names[static_cast<std::size_t>(type.kind)]);
}

namespace {

// A record's members, whoever wrote them down.
using Shape = std::map<std::string_view, Type>;

Shape shape(const Type& record) {
    Shape members;
    for (std::size_t i = 0; i < record.names.size(); ++i)
        members.emplace(record.names[i], *record.parts[i]);
    for (const schema::Attribute& attribute : record.members)
        members.emplace(attribute.name, type_of(attribute));
    return members;
}

bool fit(const Shape& a, const Shape& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.first == y.first && fit(x.second, y.second);
    });
}

}  // namespace

bool fit(const Type& a, const Type& b) {
    if (a.kind == Kind::unknown || b.kind == Kind::unknown) return true;
    if (a.kind != b.kind) return false;
    if (a.kind == Kind::entity) return a.entity.empty() || b.entity.empty() || a.entity == b.entity;
    if (a.kind == Kind::record) return a.is_open || b.is_open || fit(shape(a), shape(b));
    if (a.kind != Kind::set || a.element() == nullptr || b.element() == nullptr) return true;
    return fit(*a.element(), *b.element());
}

Type joined(const Type& a, const Type& b) {
    if (a.kind != b.kind) return {};
    if (a.kind == Kind::entity) {
        Type type = a.entity == b.entity ? a : simple(Kind::entity);
        type.is_named = a.is_named || b.is_named;
        return type;
    }
    if (a.kind == Kind::set) {
        if (a.element() == nullptr || b.element() == nullptr) return simple(Kind::set);
        return set_of(joined(*a.element(), *b.element()));
    }
    // An open one has any members.
    return b.is_open ? b : a;
}
// NOLINTEND(misc-no-recursion)

bool can_be_in(std::string_view type, std::string_view group) {
    if (type == group) return true;
    const schema::EntityType* known = find_entity_type(type);
    if (known == nullptr) return false;
    std::string_view rest = known->groups;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find(' '), rest.size());
        if (rest.substr(0, end) == group) return true;
        rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return false;
}

}  // namespace holdfast::policy::cedar
