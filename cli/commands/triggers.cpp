// What operators say to triggers: that somebody is there, or what an issuer of events says.
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::size_t max_token_file = 16UL * 1024 + 2;  // the daemon's bound, and the line's end

std::string for_people(const Json& reply) {
    const Json* agents = reply.find("agents");
    if (agents == nullptr || agents->array() == nullptr || agents->array()->empty())
        return "recorded; no agent waits for heartbeats\n";
    return table_of(*agents, {"name", "state", "every_s"});
}

Exit heartbeat(const Globals& globals, const Values& /*values*/) {
    const auto answered = post_to(admin_socket(globals), "/v1/heartbeat", Json::Object{});
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, for_people(answered->json));
}

Result<Answered> hand_in(const Globals& globals, const std::string& file) {
    HOLDFAST_TRY(token, read_text(file, max_token_file));
    // Editors and shells end a line.
    while (!token.empty() && (token.back() == '\n' || token.back() == '\r'))
        token.pop_back();
    return post_to(admin_socket(globals), "/v1/security-events", Json::Object{{"set", token}});
}

Exit security_event(const Globals& globals, const Values& values) {
    const auto answered = hand_in(globals, values.operands().front());
    if (!answered) return fail(globals, answered.error());
    const Json* agents = answered->json.find("agents");
    const std::string people =
        agents == nullptr ? "" : table_of(*agents, {"name", "state", "stopped"});
    return show(globals, *answered, people);
}

}  // namespace

std::vector<Command> trigger_commands() {
    return {
        {"heartbeat",
         "",
         "say that an operator is there, for agents that wait for it",
         {},
         heartbeat},
        {"security-event",
         "FILE",
         "hand in a signed security event token (RFC 8417)",
         {},
         security_event},
    };
}

}  // namespace holdfast::cli
