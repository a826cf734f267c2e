#include "daemon/state/last_states.h"

#include <utility>

#include "daemon/state/record_members.h"

namespace holdfast::daemon {
namespace {

Result<LastStop> stop_in(const ledger::Record& record) {
    HOLDFAST_TRY(word, text(record, "state"));
    const auto state = agent_state_of(word);
    if (!state) return Error(Code::invalid, "history: a containment record of state " + word);
    HOLDFAST_TRY(by, text(record, "by"));
    LastStop stop{*state, 0, std::move(by), text_or_nothing(record, "reason")};
    if (member(record, "rate") == nullptr) return stop;
    HOLDFAST_TRY(rate, number(record, "rate"));
    stop.rate = rate;
    return stop;
}

}  // namespace

Done LastStates::take(const ledger::Record& record) {
    if (record.type == "agent") return take_agent(record);
    if (record.type == "containment") return take_containment(record);
    if (record.type == "policy") return take_policy(record);
    if (record.type != "operators") return done();
    HOLDFAST_TRY(digest, text(record, "file_sha256"));
    operators_ = std::move(digest);
    return done();
}

// A file that is back lifts what its absence did, and nothing else.
Done LastStates::take_agent(const ledger::Record& record) {
    HOLDFAST_TRY(agent, text(record, "agent"));
    std::string key_id = text_or_nothing(record, "key_id");
    std::string digest = text_or_nothing(record, "file_sha256");
    const auto stops = stops_.find(key_id);
    const bool is_back = text_or_nothing(record, "change") == "reappeared";
    if (is_back && stops != stops_.end() && stops->second.now.by == by_vanished_file)
        stops->second.now = stops->second.before;
    declared_.insert_or_assign(std::move(agent),
                               LastDeclared{std::move(key_id), std::move(digest)});
    return done();
}

// An instance's says nothing of its agent; what has ended stays so.
Done LastStates::take_containment(const ledger::Record& record) {
    if (member(record, "instance") != nullptr) return done();
    HOLDFAST_TRY(stop, stop_in(record));
    if (member(record, "key_id") == nullptr) {
        if (text_or_nothing(record, "scope") == "host" && !has_ended(host_.state))
            host_ = std::move(stop);
        return done();
    }
    HOLDFAST_TRY(key_id, text(record, "key_id"));
    Stops& stops = stops_[key_id];
    if (has_ended(stops.now.state) && !is_stricter(stop.state, stops.now.state)) return done();
    // An apply that was repeated says it twice.
    const bool vanishes = stop.by == by_vanished_file && stops.now.by != by_vanished_file;
    if (vanishes) stops.before = stops.now;
    stops.now = std::move(stop);
    return done();
}

Done LastStates::take_policy(const ledger::Record& record) {
    HOLDFAST_TRY(name, text(record, "set"));
    HOLDFAST_TRY(version, number(record, "version"));
    LastPolicySet& set = policies_[name];
    std::string digest = text_or_nothing(record, "file_sha256");
    if (version != set.version || !digest.empty()) set.text_sha256 = std::move(digest);
    set.version = version;
    set.is_gone = text_or_nothing(record, "change") == "vanished";
    return done();
}

const LastStop* LastStates::of_key(std::string_view key_id) const {
    const auto found = stops_.find(key_id);
    return found == stops_.end() ? nullptr : &found->second.now;
}

}  // namespace holdfast::daemon
