// Looking at agents: all of them, or one.
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"
#include "holdfast/agent_id.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// The name becomes part of the request's path: only what is an agent name gets there.
Result<std::string> target_of(const Values& values) {
    const std::string& name = values.operands().front();
    HOLDFAST_CHECK(check_agent_name(name));
    return "/v1/agents/" + name;
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

// "refunds version 7 by carol@example.org"
std::string words_of(const Json& source) {
    const Json* set = source.find("set");
    const Json* version = source.find("version");
    const Json* author = source.find("author");
    if (set == nullptr || version == nullptr || author == nullptr) return plain(source);
    return plain(*set) + " version " + plain(*version) +
           (author->is_null() ? " (unsigned)" : " by " + plain(*author));
}

// The sets whose permits count for it, in words; everything else as it came.
Json with_policies_in_words(const Json& agent) {
    const Json* declared = agent.find("declared");
    const Json* sources = declared == nullptr ? nullptr : declared->find("policies");
    if (sources == nullptr || sources->array() == nullptr || declared->object() == nullptr)
        return agent;
    Json::Array words;
    for (const Json& source : *sources->array())
        words.emplace_back(words_of(source));
    if (words.empty()) words.emplace_back("none: nothing is permitted");
    Json::Object shown = *agent.object();
    Json::Object shown_declared = *declared->object();
    shown_declared["policies"] = std::move(words);
    shown["declared"] = std::move(shown_declared);
    return shown;
}

Exit show_agent(const Globals& globals, const Values& values) {
    auto target = target_of(values);
    if (!target) return fail_with(globals, Exit::usage, target.error());
    auto answered = get_from(admin_socket(globals), *target);
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(with_policies_in_words(answered->json)));
}

}  // namespace

std::vector<Command> agent_commands() {
    return {
        {"agent list", "", "every agent of this host and its state", {}, list},
        {"agent show",
         "NAME",
         "one agent: who answers for it, its key, its fuse, what can permit it",
         {},
         show_agent},
    };
}

}  // namespace holdfast::cli
