#include "cli/commands/record_words.h"

#include "cli/commands/words.h"
#include "cli/show.h"
#include "core/encode/base64.h"
#include "policy/recorded.h"

namespace holdfast::cli {
namespace {

using encode::Json;

const Json* member(const Json::Object& members, std::string_view name) {
    const auto found = members.find(name);
    return found == members.end() ? nullptr : &found->second;
}

std::string line_of(const Json::Object& members, std::string_view name, const char* shown) {
    const Json* value = member(members, name);
    return value == nullptr ? std::string() : word_line(shown, *value);
}

// "refunds version 7 by carol@example.org"
std::string source_words(const Json& source) {
    const Json* set = source.find("set");
    const Json* version = source.find("version");
    const Json* author = source.find("author");
    if (set == nullptr || version == nullptr) return plain(source);
    return plain(*set) + " version " + plain(*version) +
           (author == nullptr ? ", unsigned" : ", by " + plain(*author));
}

std::string rule_lines(const std::vector<ExplainedRule>& rules) {
    std::string text;
    for (const ExplainedRule& rule : rules) {
        text += word_line("rule", rule.rule);
        if (!rule.note.empty()) text += word_line("  (its text)", rule.note);
        if (!rule.reason.empty()) text += word_line("  reason", rule.reason);
        if (!rule.owner.empty()) text += word_line("  owner", rule.owner);
    }
    return text.empty() ? word_line("rule", "default deny: no permit fits") : text;
}

std::string observed_lines(const Json& policy) {
    std::string text;
    if (const Json* observed = policy.find("observed");
        observed != nullptr && observed->array() != nullptr)
        for (const Json& would : *observed->array()) {
            const Json* rules = would.find("rules");
            const std::string by = rules == nullptr ? "-" : plain(*rules);
            text += word_line("observed", source_words(would) + ", would deny: " +
                                              (by == "-" ? "no permit fits" : by));
        }
    if (const Json* left_off = policy.find("observed_left_off"))
        text += word_line("observed", plain(*left_off) + " more, not on record");
    return text;
}

std::string set_lines(const Json& policy) {
    std::string text;
    if (const Json* sets = policy.find("sets"); sets != nullptr && sets->array() != nullptr)
        for (const Json& source : *sets->array())
            text += word_line("of", source_words(source));
    return text + observed_lines(policy);
}

std::string host_line(const Json& policy) {
    const Json* host = policy.find("host");
    return host == nullptr ? std::string() : word_line("host", *host);
}

std::string approval_lines(const Json::Object& members) {
    const Json* member_of = member(members, "approvals");
    if (member_of == nullptr) return {};
    const auto approval = policy::signed_approval_from(*member_of);
    if (!approval) return word_line("approvals", *member_of);
    std::string text = word_line("approval", approval->document.id);
    for (const policy::ApprovalSignature& signature : approval->signatures)
        text += word_line("approved by", signature.by + " (" + signature.key + ")");
    return text;
}

std::string posture_lines(const Statement& statement) {
    std::string text = word_line("who", statement.agent);
    text += word_line("instance", statement.instance);
    text += word_line("code", encode::hex(statement.measurement) + " (" +
                                  std::string(to_string(statement.assurance)) + ")");
    return text + word_line("key", "custody " + std::string(to_string(statement.custody)) +
                                       ", fuse " + std::string(to_string(statement.fuse)));
}

std::string action_lines(const ledger::Record& record, const Statement& statement,
                         const std::vector<ExplainedRule>& rules) {
    std::string text = posture_lines(statement) + action_words(statement.action);
    text += word_line("decision", statement.decision);
    const Json* policy = member(record.members, "policy");
    text += policy == nullptr ? word_line("rule", statement.rule) : rule_lines(rules);
    if (policy != nullptr) text += set_lines(*policy) + host_line(*policy);
    text += approval_lines(record.members);
    return text + line_of(record.members, "limit_blocks", "limit blocks");
}

std::string refusal_lines(const ledger::Record& record, const std::vector<ExplainedRule>& rules) {
    std::string text = line_of(record.members, "agent", "who");
    text += line_of(record.members, "uid", "uid") + line_of(record.members, "pid", "pid");
    text += line_of(record.members, "operation", "operation");
    text += word_line("decision", "refused");
    text += line_of(record.members, "reason", "because");
    const Json* asked = member(record.members, "asked");
    if (asked == nullptr || asked->object() == nullptr) return text;
    text +=
        line_of(*asked->object(), "action", "wants") + line_of(*asked->object(), "audience", "at");
    if (asked->find("action") != nullptr) text += word_line("parameters", "not on record");
    text += line_of(*asked->object(), "limit", "limit");
    text += line_of(*asked->object(), "verifier", "verifier");
    const Json* policy = asked->find("policy");
    if (policy != nullptr) return text + rule_lines(rules) + set_lines(*policy);
    return text + line_of(*asked->object(), "rule", "rule");
}

std::string decision_lines(const ledger::Record& record, const std::vector<ExplainedRule>& rules) {
    if (record.type == "refused") return refusal_lines(record, rules);
    if (record.type == "action")
        if (const auto statement = policy::recorded_statement(record.members))
            return action_lines(record, *statement, rules);
    return lines_of(Json(record.members));
}

std::string withheld_lines(const ledger::Record& withheld) {
    return "withheld: no byte of the signature was released (record " +
           std::to_string(withheld.index) + ")\n" + line_of(withheld.members, "reason", "because");
}

std::string accountability_lines(const ledger::Record& agent) {
    const auto declared = policy::recorded_agent(agent.members);
    if (!declared) return {};
    const policy::Accountability& who = declared->accountability;
    std::string text = "who answers for it (record " + std::to_string(agent.index) + ", " +
                       utc(agent.time) + ")\n";
    text += word_line("sponsor", who.sponsor) + word_line("owner", who.owner);
    text += word_line("policy author", who.policy_author);
    text += word_line("can stop it", Json::Array(who.can_stop.begin(), who.can_stop.end()));
    return text + word_line("environment", declared->environment);
}

}  // namespace

std::string record_words(const ledger::Record& record, const Around& around,
                         const policy::PolicySets& given) {
    std::string text = "record " + std::to_string(record.index) + ", " + plain(record.type) + ", " +
                       utc(record.time) + '\n';
    text += decision_lines(record, explained_rules(record, around, given));
    if (around.withheld) text += withheld_lines(*around.withheld);
    if (around.agent) text += accountability_lines(*around.agent);
    return text;
}

}  // namespace holdfast::cli
