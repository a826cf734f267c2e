#include "daemon/state/history.h"

#include <utility>

#include "daemon/state/agent_state.h"
#include "daemon/state/record_members.h"

namespace holdfast::daemon {

bool StopRecord::has_ended() const noexcept {
    return state == to_string(AgentState::revoked) || state == to_string(AgentState::retired);
}

Done History::take(const ledger::Record& record) {
    HOLDFAST_CHECK(last_.take(record));
    if (record.type == "credential") return take_credential(record);
    if (record.type == "containment") return take_containment(record);
    if (record.type != "agent") return done();
    HOLDFAST_TRY(agent, text(record, "agent"));
    declared_.insert_or_assign(std::move(agent), record.index);
    return done();
}

Done History::take_credential(const ledger::Record& record) {
    HOLDFAST_TRY(agent, text(record, "agent"));
    HOLDFAST_TRY(key_id, text(record, "key"));
    HOLDFAST_TRY(serial, text(record, "serial"));
    HOLDFAST_TRY(end, number(record, "not_after"));
    issued_.emplace(end,
                    IssuedCertificate{std::move(agent), std::move(key_id), std::move(serial), end});
    issued_.erase(issued_.begin(), issued_.upper_bound(record.time - kept_after_end));
    return done();
}

// The host's and an instance's say nothing of a key.
Done History::take_containment(const ledger::Record& record) {
    if (member(record, "key_id") == nullptr || member(record, "instance") != nullptr) return done();
    HOLDFAST_TRY(key_id, text(record, "key_id"));
    HOLDFAST_TRY(state, text(record, "state"));
    HOLDFAST_TRY(by, text(record, "by"));
    const StopRecord* before = stop_of(key_id);
    if (before != nullptr && before->has_ended()) return done();
    StopRecord stop{record.index, record.time, std::move(state), std::move(by),
                    text_or_nothing(record, "reason")};
    stops_.insert_or_assign(std::move(key_id), std::move(stop));
    return done();
}

std::vector<IssuedCertificate> History::issued(std::int64_t now) const {
    std::vector<IssuedCertificate> found;
    for (auto each = issued_.upper_bound(now - kept_after_end); each != issued_.end(); ++each)
        found.push_back(each->second);
    return found;
}

const StopRecord* History::stop_of(std::string_view key_id) const {
    const auto found = stops_.find(key_id);
    return found == stops_.end() ? nullptr : &found->second;
}

std::optional<std::uint64_t> History::declared(std::string_view agent) const {
    const auto found = declared_.find(agent);
    if (found == declared_.end()) return std::nullopt;
    return found->second;
}

}  // namespace holdfast::daemon
