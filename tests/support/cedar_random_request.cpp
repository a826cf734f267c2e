// The outer parts: scopes and policies, and the requests they meet.
#include "tests/support/cedar_random.h"

namespace holdfast::cedar_test {
namespace {

cedar::EntityUid uid_of(Dice& dice, const char* type, std::initializer_list<const char*> ids) {
    return {type, dice.of(ids)};
}

cedar::Value params(Dice& dice) {
    cedar::Record deep = {{"n", std::int64_t{5}}};
    cedar::Record record;
    const auto maybe = [&](const char* name, cedar::Value value) {
        if (dice.chance(80)) record.emplace(name, std::move(value));
    };
    maybe("n", static_cast<std::int64_t>(dice.below(10)) - 2);
    maybe("flag", dice.chance(50));
    maybe("currency", dice.of({"EUR", "USD", "", "a*b", "\u00e9"}));
    maybe("a b", dice.of({"a", "ab"}));
    maybe("tags", cedar::Set({"a", dice.of({"a", "b"})}));
    maybe("numbers", cedar::Set({std::int64_t{1}, std::int64_t{2}}));
    maybe("who", uid_of(dice, "Agent", {"a", "b", "ghost"}));
    maybe("deep", deep);
    // What was a number is something else in some.
    if (dice.chance(5)) record.insert_or_assign("n", "5");
    return record;
}

cedar::Value context(Dice& dice) {
    cedar::Record record = {
        {"resource", dice.of({"order/1", "a", ""})},
        {"host", cedar::Record{{"tpm", dice.chance(50)}, {"custody", "tpm"}}},
        {"time", cedar::Record{{"hour", static_cast<std::int64_t>(dice.below(24))}}}};
    if (dice.chance(85)) record.emplace("params", params(dice));
    return record;
}

cedar::Entity agent(Dice& dice) {
    cedar::Entity entity;
    entity.attributes = {{"name", dice.of({"a", "ab"})}, {"launched", dice.chance(50)}};
    if (dice.chance(50)) entity.attributes.emplace("environment", "e");
    for (const auto& group : {cedar::EntityUid{"Sponsor", "s"},
                              {"Environment", "e"},
                              {"Custody", "tpm"},
                              {"Assurance", "launched"}})
        if (dice.chance(60)) entity.ancestors.push_back(group);
    return entity;
}

}  // namespace

std::string RandomPolicies::scope(const std::string& variable) {
    const bool is_action = variable == "action";
    const std::string entity =
        is_action
            ? dice_.of({"Action::\"refund\"", "Action::\"refund.create\"", "Action::\"other\""})
            : uid();
    const std::string type = dice_.of({"Agent", "Audience", "Agent"});
    switch (dice_.below(14)) {
        case 0: use("scope =="); return variable + " == " + entity;
        case 1:
        case 2: use("scope in"); return variable + " in " + entity;
        case 3:
            if (!is_action) break;
            use("scope in []");
            return variable + " in [Action::\"other\", " + entity + "]";
        case 4:
            if (is_action) break;
            use("scope is");
            return variable + " is " + type;
        case 5:
            if (is_action) break;
            use("scope is … in");
            return variable + " is " + type + " in " + entity;
        default: break;
    }
    return variable;
}

std::string RandomPolicies::policy(const std::string& id) {
    std::string text = "@id(\"" + id + "\")\n";
    if (dice_.chance(10)) text += "@note // without a value\n";
    text += use(dice_.chance(65) ? "permit" : "forbid") + "(" + scope("principal") + ", " +
            scope("action") + ", " + scope("resource") + ")";
    for (std::size_t i = dice_.below(3); i > 0; --i) {
        const std::string word = use(dice_.chance(75) ? "when" : "unless");
        text += "\n" + word + " { " + operand(Type::boolean, 0, 0) + " }";
    }
    return text + ";";
}

cedar::Entities random_entities(Dice& dice) {
    return {{{"Agent", "a"}, agent(dice)},
            {{"Agent", "b"}, agent(dice)},
            {{"Action", "refund.create"}, {{}, {{"Action", "refund"}}}},
            {{"Audience", "x"}, {{{"name", "x"}}, {}}}};
}

cedar::Request random_request(Dice& dice, const cedar::Entities& entities) {
    cedar::Request request;
    request.principal = uid_of(dice, "Agent", {"a", "a", "b", "ghost"});
    request.action = uid_of(dice, "Action", {"refund.create", "other"});
    request.resource = uid_of(dice, "Audience", {"x", "x", "y"});
    request.context = context(dice);
    request.entities = entities;
    return request;
}

}  // namespace holdfast::cedar_test
