// Stopping agents: one, one instance, a sponsor's, an environment's, or the whole host.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iostream>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"
#include "holdfast/agent_id.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::array scopes = {"sponsor", "environment", "host"};

Error wrong(const std::string& what) {
    return Error(Code::invalid, what);
}

struct Request {
    std::string target;
    Json::Object body;
};

// Exactly one of NAME, --sponsor, --environment, --host.
Done check_scope(const Values& values) {
    std::size_t named = values.operands().size();
    for (const char* scope : scopes)
        named += values.has(scope) ? 1U : 0U;
    if (named != 1)
        return wrong("give the agent's NAME, or one of --sponsor, --environment and --host");
    if (values.has("instance") && values.operands().empty())
        return wrong("--instance needs the agent's NAME");
    if (values.has("hardware") && !values.has("host")) return wrong("--hardware needs --host");
    if (values.has("confirm") && !values.has("hardware"))
        return wrong("--confirm: only with --hardware");
    return done();
}

Done add_rate(const Values& values, Json::Object& body) {
    const auto text = values.get("rate");
    if (!text) return done();
    std::int64_t rate = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), rate);
    if (read.ec != std::errc() || read.ptr != text->data() + text->size())
        return wrong("--rate: must be a number");
    body["rate"] = rate;
    return done();
}

// The name becomes part of the request's path: only what is an agent name gets there.
Result<Request> one_agent(const Values& values, const std::string& verb) {
    const std::string& name = values.operands().front();
    HOLDFAST_CHECK(check_agent_name(name));
    Request request{"/v1/agents/" + name + "/" + verb, {}};
    if (const auto instance = values.get("instance")) request.body["instance"] = *instance;
    return request;
}

Request many_agents(const Values& values, const std::string& verb) {
    Request request{"/v1/contain", {}};
    request.body["verb"] = verb;
    if (const auto sponsor = values.get("sponsor")) request.body["sponsor"] = *sponsor;
    if (const auto environment = values.get("environment"))
        request.body["environment"] = *environment;
    if (values.has("host")) request.body["host"] = true;
    if (values.has("hardware")) request.body["hardware"] = true;
    return request;
}

Result<Request> request_of(const Values& values, const std::string& verb) {
    HOLDFAST_CHECK(check_scope(values));
    Request request;
    if (values.operands().empty()) {
        request = many_agents(values, verb);
    } else {
        HOLDFAST_TRY(one, one_agent(values, verb));
        request = std::move(one);
    }
    if (const auto reason = values.get("reason")) request.body["reason"] = *reason;
    HOLDFAST_CHECK(add_rate(values, request.body));
    return request;
}

// What ends every key of a host is typed, not only ordered. The daemon compares.
Result<std::string> confirmation(const Globals& globals, const Values& values) {
    if (const auto given = values.get("confirm")) return *given;
    if (::isatty(STDIN_FILENO) != 1)
        return wrong("--hardware: nobody is there to confirm; --confirm takes the trust domain");
    HOLDFAST_TRY(status, get_from(admin_socket(globals), "/v1/status"));
    const Json* domain = status.json.find("trust_domain");
    std::cerr << "This blows the host fuse in the chip. No agent or CA key of this host signs ever "
                 "again;\nnothing undoes it. Type this host's trust domain ("
              << (domain == nullptr ? "" : plain(*domain)) << ") to go on: " << std::flush;
    std::string typed;
    std::getline(std::cin, typed);
    if (typed.empty()) return wrong("not confirmed: nothing was stopped");
    return typed;
}

// DESIGN: exit 0 only if the stop is durable in the ledger or in the chip.
bool is_one_durable(const Json& reply) {
    if (reply.find("refused") != nullptr) return true;  // it is stopped more strictly already
    const Json* stages = reply.find("stages");
    if (stages == nullptr) return false;
    const auto is_done = [&](const char* stage) {
        const Json* state = stages->find(stage);
        return state != nullptr && state->string() != nullptr && *state->string() == "done";
    };
    return is_done("ledger") || is_done("fuse");
}

bool is_durable(const Json& reply) {
    const Json* agents = reply.find("agents");
    if (agents == nullptr) return is_one_durable(reply);
    return agents->array() != nullptr &&
           std::all_of(agents->array()->begin(), agents->array()->end(), is_one_durable);
}

std::string for_people(const Json& reply) {
    const Json* agents = reply.find("agents");
    if (agents == nullptr) return lines_of(reply);
    return table_of(*agents, {"name", "state", "refused", "stages"});
}

Exit contain(const Globals& globals, const Values& values, const std::string& verb) {
    auto request = request_of(values, verb);
    if (!request) return fail_with(globals, Exit::usage, request.error());
    if (values.has("hardware")) {
        auto confirmed = confirmation(globals, values);
        if (!confirmed) return fail_with(globals, Exit::usage, confirmed.error());
        request->body["confirm"] = *std::move(confirmed);
    }
    auto answered = post_to(admin_socket(globals), request->target, std::move(request->body));
    if (!answered) return fail(globals, answered.error());
    const Exit shown = show(globals, *answered, for_people(answered->json));
    if (shown != Exit::ok || is_durable(answered->json)) return shown;
    return fail(globals, Error(Code::unavailable,
                               verb + ": in force now, but durable neither in the ledger nor in "
                                      "the chip; the daemon keeps trying",
                               Retry::later));
}

Exit suspend(const Globals& globals, const Values& values) {
    return contain(globals, values, "suspend");
}
Exit kill(const Globals& globals, const Values& values) {
    return contain(globals, values, "kill");
}
Exit throttle(const Globals& globals, const Values& values) {
    return contain(globals, values, "throttle");
}
Exit approval_only(const Globals& globals, const Values& values) {
    return contain(globals, values, "approval-only");
}
Exit revoke(const Globals& globals, const Values& values) {
    return contain(globals, values, "revoke");
}
Exit reinstate(const Globals& globals, const Values& values) {
    return contain(globals, values, "reinstate");
}
Exit retire(const Globals& globals, const Values& values) {
    return contain(globals, values, "retire");
}

Option reason() {
    return {"reason", "TEXT", "why: recorded in the ledger, shown by agent show"};
}
Option instance() {
    return {"instance", "ID", "only this instance of NAME"};
}
Option rate() {
    return {"rate", "N", "actions a minute, 1 to 600 (6)"};
}
Option host() {
    return {"host", "", "the host, above all of its agents"};
}

std::vector<Option> with_scopes(std::vector<Option> more) {
    std::vector<Option> all = {reason(),
                               {"sponsor", "S", "every agent this sponsor answers for"},
                               {"environment", "E", "every agent of this environment"}};
    all.insert(all.end(), more.begin(), more.end());
    return all;
}

}  // namespace

std::vector<Command> contain_commands() {
    return {
        {"suspend", "[NAME]", "refuse until reinstated", with_scopes({instance(), host()}),
         suspend},
        {"kill", "[NAME]", "suspend, and kill every process of it",
         with_scopes({instance(),
                      host(),
                      {"hardware", "", "with --host: blow the host fuse, for ever"},
                      {"confirm", "NAME", "with --hardware: this host's trust domain"}}),
         kill},
        {"throttle", "[NAME]", "so many actions a minute", with_scopes({rate()}), throttle},
        {"approval-only", "[NAME]", "no action without an approval", with_scopes({}),
         approval_only},
        {"revoke", "[NAME]", "stop for ever: blows the fuse of each key", with_scopes({}), revoke},
        {"reinstate", "[NAME]", "undo what stopped it", with_scopes({host()}), reinstate},
        {"agent suspend", "NAME", "refuse until reinstated", {reason(), instance()}, suspend},
        {"agent throttle", "NAME", "so many actions a minute", {reason(), rate()}, throttle},
        {"agent approval-only", "NAME", "no action without an approval", {reason()}, approval_only},
        {"agent reinstate", "NAME", "undo what stopped it", {reason()}, reinstate},
        {"agent revoke", "NAME", "stop for ever: blows the fuse of its key", {reason()}, revoke},
        {"agent retire", "NAME", "end it for good: fuse blown, key deleted", {reason()}, retire},
    };
}

}  // namespace holdfast::cli
