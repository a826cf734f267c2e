#include "policy/cedar/entity_ids.h"

#include <algorithm>

#include "core/encode/statement.h"
#include "holdfast/agent_id.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"
#include "policy/cedar/types.h"

namespace holdfast::policy::cedar {
namespace {

bool is_sha256(std::string_view id) {
    return id.size() == 64 && std::all_of(id.begin(), id.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

bool is_possible(schema::Ids ids, std::string_view id) {
    switch (ids) {
        case schema::Ids::any: return !id.empty();
        case schema::Ids::agent_name: return check_agent_name(id).has_value();
        case schema::Ids::custody: return parse_custody(id).has_value();
        case schema::Ids::assurance: return parse_assurance(id).has_value();
        case schema::Ids::sha256: return is_sha256(id);
        // What an action's name begins with, up to a dot, is written as a name is.
        case schema::Ids::action: return encode::is_action_name(id) && id.size() <= max_action_name;
        case schema::Ids::audience: return encode::is_audience(id) && id.size() <= max_audience;
    }
    return false;
}

}  // namespace

std::string problem_of(const EntityUid& uid) {
    const schema::EntityType* type = find_entity_type(uid.type);
    if (type == nullptr) return "there is no entity type " + uid.type;
    if (is_possible(type->ids, uid.id)) return "";
    return "there can be no " + uid.type + "::\"" + uid.id.substr(0, max_action_name) + "\"";
}

}  // namespace holdfast::policy::cedar
