// What policies can speak of: Holdfast's entity types, their attributes and groups, and the
// context. Data only; docs/policies.md says the same in words.
#ifndef HOLDFAST_POLICY_CEDAR_SCHEMA_H
#define HOLDFAST_POLICY_CEDAR_SCHEMA_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace holdfast::policy::cedar::schema {

enum class Kind : std::uint8_t {
    boolean,
    integer,
    string,
    record,       // with these members
    open_record,  // with any members, of types that are known when a request is there
};

struct Attribute;

// Of an entity type or a record.
struct Attributes {
    const Attribute* first = nullptr;
    std::size_t count = 0;

    constexpr const Attribute* begin() const noexcept;
    constexpr const Attribute* end() const noexcept;
};

struct Attribute {
    std::string_view name;
    Kind kind;
    bool is_optional;    // to be read behind a `has`
    Attributes members;  // of a record
};

constexpr const Attribute* Attributes::begin() const noexcept {
    return first;
}
constexpr const Attribute* Attributes::end() const noexcept {
    return first + count;
}

// Which ids an entity of a type can have.
enum class Ids : std::uint8_t {
    any,         // not empty
    agent_name,  // include/holdfast/agent_id.h
    custody,     // include/holdfast/custody.h
    assurance,   // include/holdfast/measurement.h
    sha256,      // 64 lower-case hex digits
    action,      // an action's name, or words it begins with: "refund" of "refund.create"
    audience,    // core/encode/statement.h
};

struct EntityType {
    std::string_view name;
    Ids ids;
    Attributes attributes;
    // What an entity of this type can be in, besides itself; separated by spaces.
    std::string_view groups;
};

inline constexpr std::array<Attribute, 9> agent = {{
    {"name", Kind::string, false, {}},
    {"sponsor", Kind::string, false, {}},
    {"owner", Kind::string, false, {}},
    {"policy_author", Kind::string, false, {}},
    {"environment", Kind::string, true, {}},
    {"custody", Kind::string, false, {}},
    {"assurance", Kind::string, false, {}},
    {"launched", Kind::boolean, false, {}},
    {"manifest", Kind::string, true, {}},
}};

inline constexpr std::array<Attribute, 1> audience = {{{"name", Kind::string, false, {}}}};

inline constexpr std::array<EntityType, 8> entity_types = {{
    {"Agent",
     Ids::agent_name,
     {agent.data(), agent.size()},
     "Sponsor Environment Custody Assurance Manifest"},
    {"Sponsor", Ids::any, {}, ""},
    {"Environment", Ids::any, {}, ""},
    {"Custody", Ids::custody, {}, ""},
    {"Assurance", Ids::assurance, {}, ""},
    {"Manifest", Ids::sha256, {}, ""},
    {"Action", Ids::action, {}, "Action"},
    {"Audience", Ids::audience, {audience.data(), audience.size()}, ""},
}};

// The request's three.
inline constexpr std::string_view principal_type = "Agent";
inline constexpr std::string_view action_type = "Action";
inline constexpr std::string_view resource_type = "Audience";

inline constexpr std::array<Attribute, 4> host = {{
    {"trust_domain", Kind::string, false, {}},
    {"custody", Kind::string, false, {}},
    {"tpm", Kind::boolean, false, {}},
    {"register", Kind::string, false, {}},  // "ok", "absent" or "broken"
}};

// All of it UTC.
inline constexpr std::array<Attribute, 7> time = {{
    {"unix", Kind::integer, false, {}},
    {"year", Kind::integer, false, {}},
    {"month", Kind::integer, false, {}},
    {"day", Kind::integer, false, {}},
    {"weekday", Kind::integer, false, {}},  // 1: Monday … 7: Sunday
    {"hour", Kind::integer, false, {}},
    {"minute", Kind::integer, false, {}},
}};

inline constexpr std::array<Attribute, 6> context = {{
    {"resource", Kind::string, false, {}},
    {"params", Kind::open_record, true, {}},
    {"params_sha256", Kind::string, true, {}},
    {"on_behalf_of", Kind::string, true, {}},
    {"host", Kind::record, false, {host.data(), host.size()}},
    {"time", Kind::record, false, {time.data(), time.size()}},
}};
inline constexpr Attributes context_members = {context.data(), context.size()};

}  // namespace holdfast::policy::cedar::schema

#endif  // HOLDFAST_POLICY_CEDAR_SCHEMA_H
