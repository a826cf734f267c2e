// Type: what is known of an expression before there is a request.
#ifndef HOLDFAST_POLICY_CEDAR_TYPES_H
#define HOLDFAST_POLICY_CEDAR_TYPES_H

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "policy/cedar/schema.h"
#include "policy/cedar/value.h"

namespace holdfast::policy::cedar {

struct Type {
    enum class Kind : std::uint8_t { unknown, boolean, integer, string, entity, set, record };

    Kind kind = Kind::unknown;
    bool is_open = false;            // a record whose members are unknown
    bool is_named = false;           // an entity that a policy names: what it has is not known
    std::string_view entity;         // the entity type's name; empty: of any type
    schema::Attributes members;      // of an entity or of a record of the schema
    std::vector<std::string> names;  // of a record that a policy writes down, with their types:
    // Theirs; of a set the one type of its elements, if it is known.
    std::vector<std::shared_ptr<const Type>> parts;

    const Type* element() const noexcept { return parts.empty() ? nullptr : parts.front().get(); }
};

Type simple(Type::Kind kind);
Type entity_type(std::string_view name);  // one of schema::entity_types; else unknown
Type set_of(Type element);
Type type_of(const schema::Attribute& attribute);

const schema::EntityType* find_entity_type(std::string_view name) noexcept;  // null: none

// "long", "a set of string", "Agent" …: what an operator reads.
std::string to_string(const Type& type);
// Could one value be of both? Unknown ones fit everything.
bool fit(const Type& a, const Type& b);
// What both are, where they fit.
Type joined(const Type& a, const Type& b);
// Can an entity of the one type be in one of the other?
bool can_be_in(std::string_view type, std::string_view group);

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_TYPES_H
