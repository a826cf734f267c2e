#include "daemon/state/limit_fold.h"

#include <optional>
#include <utility>

#include "daemon/state/last_anchor.h"
#include "daemon/state/record_members.h"
#include "holdfast/agent_id.h"
#include "ledger/writer/scan.h"

namespace holdfast::daemon {
namespace {

using encode::Json;

Error unreadable(std::string_view member) {
    return Error(Code::invalid, "limits: a record without " + std::string(member));
}

Result<std::string> text(const Json* value, std::string_view member) {
    if (value == nullptr || value->string() == nullptr) return unreadable(member);
    return *value->string();
}

Result<std::int64_t> number(const Json* value, std::string_view member) {
    if (value == nullptr || value->integer() == nullptr || *value->integer() < 0)
        return unreadable(member);
    return *value->integer();
}

// Whose blocks the action was drawn from, as it is written.
Result<std::set<std::string>> blocks_of(const ledger::Record& record) {
    std::set<std::string> names;
    const Json* blocks = member(record, "limit_blocks");
    if (blocks == nullptr) return names;
    if (blocks->array() == nullptr) return unreadable("limit_blocks");
    for (const Json& name : *blocks->array()) {
        HOLDFAST_TRY(limit, text(&name, "limit_blocks"));
        names.insert(std::move(limit));
    }
    return names;
}

}  // namespace

Json::Object members_of(const policy::Block& block) {
    Json::Object members;
    members["agent"] = block.agent;
    members["amount"] = static_cast<std::int64_t>(block.amount);
    members["key"] = block.key;
    members["limit"] = block.limit;
    members["shape"] = block.shape;
    members["until"] = block.until;
    return members;
}

Done LimitFold::take(const ledger::Record& record) {
    if (limits_.is_empty()) return done();
    if (record.type == "action") return take_action(record);
    if (record.type == "withheld") return take_withheld(record);
    if (record.type == limit_block_type) return take_block(record);
    if (record.type != anchor_type) return done();
    const Json* why = member(record, "why");
    const bool accepted = why != nullptr && why->string() != nullptr && *why->string() == "accept";
    if (accepted) limits_.take_accepted(record.time);
    return done();
}

Done LimitFold::take_action(const ledger::Record& record) {
    const Json* statement = member(record, "statement");
    if (statement == nullptr) return unreadable("statement");
    HOLDFAST_TRY(uri, text(statement->find("agent"), "agent"));
    HOLDFAST_TRY(agent, parse_agent_id(uri));
    HOLDFAST_TRY(action, text(statement->find("action"), "action"));
    HOLDFAST_TRY(audience, text(statement->find("audience"), "audience"));
    HOLDFAST_TRY(time, number(statement->find("time"), "time"));
    HOLDFAST_TRY(blocks, blocks_of(record));
    const Json* params = statement->find("params");
    const policy::LimitedAction seen(std::move(action), std::move(audience),
                                     params == nullptr ? Json() : *params);
    limits_.take_action({std::move(agent.name), time, record.index, std::move(blocks)}, seen);
    return done();
}

Done LimitFold::take_withheld(const ledger::Record& record) {
    HOLDFAST_TRY(sequence, number(member(record, "sequence"), "sequence"));
    limits_.withheld(static_cast<std::uint64_t>(sequence));
    return done();
}

Done LimitFold::take_block(const ledger::Record& record) {
    policy::Block block;
    HOLDFAST_TRY(agent, text(member(record, "agent"), "agent"));
    HOLDFAST_TRY(limit, text(member(record, "limit"), "limit"));
    HOLDFAST_TRY(key, text(member(record, "key"), "key"));
    HOLDFAST_TRY(amount, number(member(record, "amount"), "amount"));
    HOLDFAST_TRY(until, number(member(record, "until"), "until"));
    block.agent = std::move(agent);
    block.limit = std::move(limit);
    // Records from before have none.
    if (const Json* shape = member(record, "shape")) {
        HOLDFAST_TRY(digest, text(shape, "shape"));
        block.shape = std::move(digest);
    }
    block.key = std::move(key);
    block.amount = static_cast<std::uint64_t>(amount);
    block.until = until;
    limits_.take_block(block, record.time);
    return done();
}

Result<policy::Limits> count_from_ledger(const std::string& directory, const LedgerHead& known,
                                         const policy::DeclaredLimits& declared) {
    policy::Limits limits(declared);
    LimitFold fold(limits);
    const ledger::Each each = [&fold](std::uint64_t, ByteView leaf) -> Done {
        HOLDFAST_TRY(record, ledger::decode_record(leaf));
        return fold.take(record);
    };
    // The head of an empty tree is no record's.
    const auto head = known.size == 0 ? std::nullopt : std::optional<LedgerHead>(known);
    HOLDFAST_TRY(scanned, ledger::scan(directory, head, each));
    (void)scanned;
    return limits;
}

}  // namespace holdfast::daemon
