#include "policy/recorded.h"

#include <utility>

#include "core/encode/fields.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"

namespace holdfast::policy {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_word = 64;  // reasons, operations, custody, register

Error unreadable(std::string_view member) {
    return {Code::invalid, std::string(member) + ": missing or of another type"};
}

const Json* member(const Json::Object& members, std::string_view name) {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
}

Result<std::string> text(const Json::Object& members, std::string_view name, std::size_t max) {
    const Json* value = member(members, name);
    if (value == nullptr || value->string() == nullptr || value->string()->size() > max)
        return unreadable(name);
    return *value->string();
}

Result<std::string> text_or_none(const Json::Object& members, std::string_view name,
                                 std::size_t max) {
    if (member(members, name) == nullptr) return std::string();
    return text(members, name, max);
}

Result<std::vector<std::string>> texts(const Json* value, std::string_view name,
                                       std::size_t max_count, std::size_t max_bytes) {
    std::vector<std::string> all;
    if (value == nullptr) return all;
    if (value->array() == nullptr || value->array()->size() > max_count) return unreadable(name);
    for (const Json& element : *value->array()) {
        if (element.string() == nullptr || element.string()->size() > max_bytes)
            return unreadable(name);
        all.push_back(*element.string());
    }
    return all;
}

// Of member `policy`, there or not.
Result<std::vector<std::string>> rules_in(const Json* policy) {
    const Json* rules = policy == nullptr ? nullptr : policy->find("rules");
    return texts(rules, "policy.rules", max_recorded_rules, encode::max_rule);
}

Done read_host(const Json& host, Situation& situation) {
    HOLDFAST_TRY(fields, Fields::of(host, "policy.host"));
    HOLDFAST_TRY(word, fields.text("custody", max_word));
    HOLDFAST_TRY(custody, parse_custody(word));
    HOLDFAST_TRY(state, fields.text("register", max_word));
    const Json* tpm = fields.any("tpm");
    if (tpm == nullptr || tpm->boolean() == nullptr) return unreadable("policy.host.tpm");
    situation.host_custody = custody;
    situation.event_register = std::move(state);
    situation.has_tpm = *tpm->boolean();
    return done();
}

Result<Situation> situation_of(const Statement& statement, const Json& host) {
    HOLDFAST_TRY(agent, parse_agent_id(statement.agent));
    Situation situation;
    situation.custody = statement.custody;
    situation.assurance = statement.assurance;
    // What is measured of a launched agent is its manifest.
    if (statement.assurance >= Assurance::launched) situation.manifest = statement.measurement;
    situation.trust_domain = std::move(agent.trust_domain);
    situation.now = statement.time;
    HOLDFAST_CHECK(read_host(host, situation));
    return situation;
}

Done read_asked(const Json& asked, RecordedRefusal& refusal) {
    if (asked.object() == nullptr) return unreadable("asked");
    HOLDFAST_TRY(action, text_or_none(*asked.object(), "action", max_action_name));
    HOLDFAST_TRY(audience, text_or_none(*asked.object(), "audience", max_audience));
    HOLDFAST_TRY(rules, rules_in(asked.find("policy")));
    refusal.action.action = std::move(action);
    refusal.action.audience = std::move(audience);
    refusal.rules = std::move(rules);
    return done();
}

}  // namespace

Result<AgentFile> recorded_agent(const Json::Object& members) {
    AgentFile agent;
    HOLDFAST_TRY(name, text(members, "agent", max_agent_name));
    HOLDFAST_TRY(environment, text_or_none(members, "environment", max_environment));
    HOLDFAST_TRY(sponsor, text(members, "sponsor", max_principal));
    HOLDFAST_TRY(owner, text(members, "owner", max_principal));
    HOLDFAST_TRY(author, text(members, "policy_author", max_principal));
    HOLDFAST_TRY(can_stop,
                 texts(member(members, "can_stop"), "can_stop", max_can_stop, max_principal));
    agent.name = std::move(name);
    agent.environment = std::move(environment);
    agent.accountability = {std::move(sponsor), std::move(owner), std::move(author),
                            std::move(can_stop)};
    return agent;
}

Result<Statement> recorded_statement(const Json::Object& members) {
    const Json* statement = member(members, "statement");
    if (statement == nullptr) return unreadable("statement");
    return encode::statement_from(*statement);
}

Result<RecordedAction> recorded_action(const Json::Object& members, const Statement& statement,
                                       AgentFile declared) {
    const Json* policy = member(members, "policy");
    const Json* host = policy == nullptr ? nullptr : policy->find("host");
    if (host == nullptr)
        return Error(Code::invalid, "recorded before there were policies")
            .because("before_policies");
    HOLDFAST_TRY(rules, rules_in(policy));
    HOLDFAST_TRY(situation, situation_of(statement, *host));
    RecordedAction recorded{std::move(declared), std::move(situation), std::move(rules), {}};
    recorded.agent.accountability.sponsor = statement.sponsor;
    const Json* approvals = member(members, "approvals");
    if (approvals == nullptr) return recorded;
    HOLDFAST_TRY(approval, signed_approval_from(*approvals));
    recorded.approval = std::move(approval);
    return recorded;
}

Result<RecordedRefusal> recorded_refusal(const Json::Object& members) {
    RecordedRefusal refusal;
    HOLDFAST_TRY(agent, text_or_none(members, "agent", max_agent_name));
    HOLDFAST_TRY(operation, text_or_none(members, "operation", max_word));
    HOLDFAST_TRY(reason, text(members, "reason", max_word));
    refusal.agent = std::move(agent);
    refusal.operation = std::move(operation);
    refusal.reason = std::move(reason);
    if (const Json* count = member(members, "count")) {
        if (count->integer() == nullptr || *count->integer() < 1) return unreadable("count");
        refusal.count = static_cast<std::uint64_t>(*count->integer());
    }
    if (const Json* asked = member(members, "asked")) HOLDFAST_CHECK(read_asked(*asked, refusal));
    return refusal;
}

}  // namespace holdfast::policy
