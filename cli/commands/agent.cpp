// What an operator does with one agent: look, suspend, reinstate, revoke, retire.
#include <iostream>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"
#include "holdfast/agent_id.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// The name becomes part of the request's path: only what is an agent name gets there.
Result<std::string> target_of(const Values& values, const std::string& verb) {
    const std::string& name = values.operands().front();
    HOLDFAST_CHECK(check_agent_name(name));
    return "/v1/agents/" + name + (verb.empty() ? "" : "/" + verb);
}

Exit list(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/agents");
    if (!answered) return fail(globals, answered.error());
    const Json* agents = answered->json.find("agents");
    if (agents == nullptr || agents->array() == nullptr || agents->array()->empty())
        return show(globals, *answered, "no agents\n");
    return show(globals, *answered,
                table_of(*agents,
                         {"name", "state", "custody", "algorithm", "fuse", "key_id", "spiffe_id"}));
}

Exit show_agent(const Globals& globals, const Values& values) {
    auto target = target_of(values, "");
    if (!target) return fail_with(globals, Exit::usage, target.error());
    auto answered = get_from(admin_socket(globals), *target);
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

// DESIGN: exit 0 only if the stop is durable in the ledger or in the chip.
bool is_durable(const Json& reply) {
    const Json* stages = reply.find("stages");
    if (stages == nullptr) return false;
    const auto is_done = [&](const char* stage) {
        const Json* state = stages->find(stage);
        return state != nullptr && state->string() != nullptr && *state->string() == "done";
    };
    return is_done("ledger") || is_done("fuse");
}

Exit contain(const Globals& globals, const Values& values, const std::string& verb) {
    auto target = target_of(values, verb);
    if (!target) return fail_with(globals, Exit::usage, target.error());
    auto answered = post_to(admin_socket(globals), *target, Json::Object());
    if (!answered) return fail(globals, answered.error());
    const Exit shown = show(globals, *answered, lines_of(answered->json));
    if (shown != Exit::ok || is_durable(answered->json)) return shown;
    return fail(globals, Error(Code::unavailable,
                               verb + ": in force now, but durable neither in the ledger nor in "
                                      "the chip; the daemon keeps trying",
                               Retry::later));
}

Exit suspend(const Globals& globals, const Values& values) {
    return contain(globals, values, "suspend");
}

Exit reinstate(const Globals& globals, const Values& values) {
    return contain(globals, values, "reinstate");
}

Exit revoke(const Globals& globals, const Values& values) {
    return contain(globals, values, "revoke");
}

Exit retire(const Globals& globals, const Values& values) {
    return contain(globals, values, "retire");
}

Exit kill(const Globals& globals, const Values& values) {
    return contain(globals, values, "kill");
}

}  // namespace

std::vector<Command> agent_commands() {
    return {
        {"agent list", "", "every agent of this host and its state", {}, list},
        {"agent show", "NAME", "one agent: who answers for it, its key, its fuse", {}, show_agent},
        {"agent suspend", "NAME", "refuse it until it is reinstated", {}, suspend},
        {"kill", "NAME", "suspend it and kill every process of it", {}, kill},
        {"agent reinstate", "NAME", "undo a suspension", {}, reinstate},
        {"agent revoke", "NAME", "stop it for ever: blows the fuse of its key", {}, revoke},
        {"agent retire", "NAME", "end it for good: fuse blown, key deleted", {}, retire},
    };
}

}  // namespace holdfast::cli
