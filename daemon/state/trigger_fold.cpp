#include "daemon/state/trigger_fold.h"

#include "daemon/state/record_members.h"
#include "holdfast/agent_id.h"
#include "policy/triggers.h"

namespace holdfast::daemon {
namespace {

const std::string* text(const encode::Json* value) {
    return value == nullptr ? nullptr : value->string();
}

bool says(const ledger::Record& record, std::string_view name, std::string_view word) {
    const std::string* value = text(member(record, name));
    return value != nullptr && *value == word;
}

// Its trigger was set off by it; or it was not there before.
bool is_told_of_clock(const ledger::Record& record) {
    return (record.type == "trigger" &&
            says(record, "trigger", policy::to_string(policy::Trigger::clock_back))) ||
           (record.type == "agent" && says(record, "change", "created"));
}

}  // namespace

void TriggerFold::take(const ledger::Record& record) {
    memory_.clock.take(record.time);
    memory_.heartbeats.take(record.time);
    if (record.type == "action") take_action(record);
    if (record.type == heartbeat_type) memory_.heartbeats.take_beat(record.time);
    if (record.type == security_event_type) take_event(record);
    const std::string* agent = text(member(record, "agent"));
    if (agent == nullptr) return;
    if (record.type == "agent") memory_.heartbeats.take_declared(*agent, record.time);
    if (is_told_of_clock(record)) memory_.clock.take_told(*agent, record.time);
}

void TriggerFold::take_event(const ledger::Record& record) {
    const std::string* issuer = text(member(record, "issuer"));
    const std::string* id = text(member(record, "jti"));
    const encode::Json* issued = member(record, "issued");
    if (issuer == nullptr || id == nullptr || issued == nullptr || issued->integer() == nullptr)
        return;
    memory_.events.take(*issuer, *id, *issued->integer());
}

void TriggerFold::take_action(const ledger::Record& record) {
    const encode::Json* statement = member(record, "statement");
    if (statement == nullptr) return;
    const std::string* uri = text(statement->find("agent"));
    const std::string* audience = text(statement->find("audience"));
    if (uri == nullptr || audience == nullptr) return;
    const auto agent = parse_agent_id(*uri);
    if (agent) memory_.audiences.note(agent->name, *audience);
}

}  // namespace holdfast::daemon
