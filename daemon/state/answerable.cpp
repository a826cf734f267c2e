#include "daemon/state/answerable.h"

#include <functional>
#include <map>
#include <optional>
#include <utility>

#include "holdfast/agent_id.h"
#include "ledger/record.h"
#include "ledger/writer/scan.h"

namespace holdfast::daemon {
namespace {

using encode::Json;
using ledger::Record;

Error not_found(std::uint64_t sequence, const std::string& what, const char* reason) {
    return Error(Code::not_found, "record " + std::to_string(sequence) + what).because(reason);
}

const Json* member(const Record& record, std::string_view name) {
    const auto found = record.members.find(name);
    return found == record.members.end() ? nullptr : &found->second;
}

std::string text_of(const Json* value) {
    return value == nullptr || value->string() == nullptr ? std::string() : *value->string();
}

std::string text(const Record& record, std::string_view name) {
    return text_of(member(record, name));
}

std::vector<std::string> texts(const Json* array) {
    std::vector<std::string> all;
    if (array == nullptr || array->array() == nullptr) return all;
    for (const Json& each : *array->array())
        all.push_back(text_of(&each));
    return all;
}

std::string agent_in_statement(const Record& record) {
    const Json* statement = member(record, "statement");
    if (statement == nullptr) return "";
    const auto id = parse_agent_id(text_of(statement->find("agent")));
    return id ? id->name : std::string();
}

std::vector<std::string> approvers_in(const Record& record) {
    std::vector<std::string> names;
    const Json* approvals = member(record, "approvals");
    const Json* signatures = approvals == nullptr ? nullptr : approvals->find("signatures");
    if (signatures == nullptr || signatures->array() == nullptr) return names;
    for (const Json& signature : *signatures->array())
        names.push_back(text_of(signature.find("by")));
    return names;
}

struct Seen {
    std::map<std::string, Record> declared;  // each agent's last "agent" record
    std::optional<Record> record;
};

using Take = std::function<void(const Record& record)>;

// Every record up to that one, in order.
Done read_up_to(const std::string& directory, const LedgerHead& known, std::uint64_t last,
                const Take& take) {
    const ledger::Each each = [&](std::uint64_t index, ByteView leaf) -> Done {
        if (index > last) return done();
        HOLDFAST_TRY(record, ledger::decode_record(leaf));
        take(record);
        return done();
    };
    // The head of an empty tree is no record's.
    const auto head = known.size == 0 ? std::nullopt : std::optional<LedgerHead>(known);
    HOLDFAST_TRY(scanned, ledger::scan(directory, head, each));
    (void)scanned;
    return done();
}

std::string named_in(const Record& record) {
    return record.type == "action" ? agent_in_statement(record) : text(record, "agent");
}

// Does `other` say whose `record` is?
bool is_subject_of(const Record& other, const Record& record) {
    if (record.type == "approval")
        return other.type == "approval" && text(other, "approval") == text(record, "approval");
    const Json* of = member(record, "sequence");
    return record.type == "withheld" && of != nullptr && of->integer() != nullptr &&
           static_cast<std::uint64_t>(*of->integer()) == other.index;
}

// Read once more where the record itself does not say: so little is kept of a long ledger.
Result<std::string> agent_of(const std::string& directory, const LedgerHead& known,
                             const Record& record) {
    std::string agent = named_in(record);
    const bool refers = record.type == "approval" || record.type == "withheld";
    if (!agent.empty() || !refers) return agent;
    const Take take = [&](const Record& other) {
        if (agent.empty() && is_subject_of(other, record)) agent = named_in(other);
    };
    HOLDFAST_CHECK(read_up_to(directory, known, record.index, take));
    return agent;
}

Answerable answer_of(const Record& record, std::string agent, const Record& declared) {
    Answerable found;
    found.sequence = record.index;
    found.type = record.type;
    found.time = record.time;
    found.agent = std::move(agent);
    found.declared = declared.index;
    found.sponsor = text(declared, "sponsor");
    found.owner = text(declared, "owner");
    found.policy_author = text(declared, "policy_author");
    found.can_stop = texts(member(declared, "can_stop"));
    found.approved_by = approvers_in(record);
    if (record.type == "containment") found.stopped_by = text(record, "by");
    return found;
}

}  // namespace

Result<Answerable> who_answers(const std::string& directory, const LedgerHead& known,
                               std::uint64_t sequence) {
    Seen seen;
    const Take take = [&](const Record& record) {
        if (record.type == "agent") seen.declared.insert_or_assign(text(record, "agent"), record);
        if (record.index == sequence) seen.record = record;
    };
    HOLDFAST_CHECK(read_up_to(directory, known, sequence, take));
    if (!seen.record) return not_found(sequence, ": there is none", "unknown_record");
    HOLDFAST_TRY(agent, agent_of(directory, known, *seen.record));
    if (agent.empty()) return not_found(sequence, " names no agent", "no_agent");
    const auto declared = seen.declared.find(agent);
    if (declared == seen.declared.end())
        return not_found(sequence, ": " + agent + " was declared later", "undeclared");
    return answer_of(*seen.record, std::move(agent), declared->second);
}

}  // namespace holdfast::daemon
