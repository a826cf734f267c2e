#include "tests/support/cedar_cases.h"

#include <algorithm>

#include "policy/cedar/parser.h"

namespace holdfast::cedar_test {
namespace {

using encode::Json;

Error malformed(std::string_view what) {
    return {Code::invalid, "case: " + std::string(what)};
}

Result<const Json*> member(const Json& object, std::string_view name) {
    const Json* found = object.find(name);
    if (found == nullptr) return malformed(std::string(name) + " is missing");
    return found;
}

Result<Json::Array> array(const Json& object, std::string_view name) {
    HOLDFAST_TRY(found, member(object, name));
    if (found->array() == nullptr) return malformed(std::string(name) + " is no array");
    return *found->array();
}

Result<std::string> text(const Json& object, std::string_view name) {
    HOLDFAST_TRY(found, member(object, name));
    if (found->string() == nullptr) return malformed(std::string(name) + " is no string");
    return *found->string();
}

Result<cedar::EntityUid> uid(const Json& json) {
    const Json* inner = json.find("__entity");
    const Json& object = inner == nullptr ? json : *inner;
    HOLDFAST_TRY(type, text(object, "type"));
    HOLDFAST_TRY(id, text(object, "id"));
    return cedar::EntityUid{type, id};
}

// NOLINTBEGIN(misc-no-recursion): JSON has max_json_depth levels at most.
Result<cedar::Value> value(const Json& json) {
    if (json.find("__extn") != nullptr) return malformed("an extension value");
    if (json.find("__entity") != nullptr) {
        HOLDFAST_TRY(entity, uid(json));
        return cedar::Value(entity);
    }
    if (const auto* elements = json.array()) {
        std::vector<cedar::Value> values;
        for (const Json& element : *elements) {
            HOLDFAST_TRY(next, value(element));
            values.push_back(std::move(next));
        }
        return cedar::Value(cedar::Set(std::move(values)));
    }
    if (const auto* members = json.object()) {
        cedar::Record record;
        for (const auto& [name, inner] : *members) {
            HOLDFAST_TRY(next, value(inner));
            record.emplace(name, std::move(next));
        }
        return cedar::Value(std::move(record));
    }
    return cedar::value_from(json);
}
// NOLINTEND(misc-no-recursion)

Result<cedar::Entities> entities(const Json& json) {
    cedar::Entities all;
    HOLDFAST_TRY(list, array(json, "entities"));
    for (const Json& one : list) {
        HOLDFAST_TRY(name, member(one, "uid"));
        HOLDFAST_TRY(key, uid(*name));
        HOLDFAST_TRY(attributes, member(one, "attrs"));
        HOLDFAST_TRY(record, value(*attributes));
        if (record.record() == nullptr) return malformed("attrs is no object");
        cedar::Entity entity{*record.record(), {}};
        HOLDFAST_TRY(parents, array(one, "parents"));
        for (const Json& parent : parents) {
            HOLDFAST_TRY(group, uid(parent));
            entity.ancestors.push_back(std::move(group));
        }
        all.emplace(std::move(key), std::move(entity));
    }
    return all;
}

Result<cedar::Request> request(const Json& json, const cedar::Entities& known) {
    cedar::Request made;
    HOLDFAST_TRY(principal, member(json, "principal"));
    HOLDFAST_TRY(action, member(json, "action"));
    HOLDFAST_TRY(resource, member(json, "resource"));
    HOLDFAST_TRY(context, member(json, "context"));
    HOLDFAST_TRY(principal_uid, uid(*principal));
    HOLDFAST_TRY(action_uid, uid(*action));
    HOLDFAST_TRY(resource_uid, uid(*resource));
    HOLDFAST_TRY(context_value, value(*context));
    return cedar::Request{principal_uid, action_uid, resource_uid, context_value, known};
}

Json ids_json(std::vector<std::string> ids) {
    std::sort(ids.begin(), ids.end());
    Json::Array list;
    for (std::string& id : ids)
        list.emplace_back(std::move(id));
    return list;
}

}  // namespace

Result<Case> parse_case(std::string_view line) {
    HOLDFAST_TRY(json, encode::parse_json(line, max_case));
    Case made;
    std::string policies;
    HOLDFAST_TRY(list, array(json, "policies"));
    for (const Json& one : list) {
        HOLDFAST_TRY(policy, text(one, "text"));
        policies += policy + "\n";
    }
    HOLDFAST_TRY(set, cedar::parse("case.cedar", policies));
    made.policies = std::move(set);
    HOLDFAST_TRY(known, entities(json));
    HOLDFAST_TRY(requests, array(json, "requests"));
    for (const Json& one : requests) {
        HOLDFAST_TRY(next, request(one, known));
        made.requests.push_back(std::move(next));
        const Json* answer = one.find("answer");
        made.answers.push_back(answer == nullptr ? Json() : *answer);
    }
    return made;
}

Json answer_json(const cedar::Answer& answer) {
    std::vector<std::string> reasons;
    std::vector<std::string> errors;
    for (const cedar::Policy* policy : answer.determining)
        reasons.push_back(policy->id);
    for (const cedar::Failure& failure : answer.failures)
        errors.push_back(failure.policy->id);
    const bool is_permitted = answer.decision == cedar::Decision::permit;
    return Json::Object{{"decision", is_permitted ? "allow" : "deny"},
                        {"reason", ids_json(std::move(reasons))},
                        {"errors", ids_json(std::move(errors))}};
}

Json uid_json(const cedar::EntityUid& uid) {
    return Json::Object{{"type", uid.type}, {"id", uid.id}};
}

// NOLINTNEXTLINE(misc-no-recursion): values are as deep as who made them.
Json value_json(const cedar::Value& value) {
    if (const bool* boolean = value.boolean()) return *boolean;
    if (const std::int64_t* integer = value.integer()) return *integer;
    if (const std::string* string = value.string()) return *string;
    if (const cedar::EntityUid* uid = value.entity())
        return Json::Object{{"__entity", uid_json(*uid)}};
    if (const cedar::Set* set = value.set()) {
        Json::Array elements;
        for (const cedar::Value& element : *set)
            elements.push_back(value_json(element));
        return elements;
    }
    Json::Object members;
    for (const auto& [name, member] : *value.record())
        members.emplace(name, value_json(member));
    return members;
}

Json entities_json(const cedar::Entities& entities) {
    Json::Array list;
    for (const auto& [uid, entity] : entities) {
        Json::Array parents;
        for (const cedar::EntityUid& parent : entity.ancestors)
            parents.push_back(uid_json(parent));
        list.push_back(Json::Object{{"uid", uid_json(uid)},
                                    {"attrs", value_json(cedar::Value(entity.attributes))},
                                    {"parents", parents}});
    }
    return list;
}

}  // namespace holdfast::cedar_test
