#include "daemon/handlers/older_registry.h"

#include <algorithm>
#include <vector>

#include "core/encode/base64.h"
#include "daemon/handlers/admin.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

void tell_stop(const std::string& whose, const LastStop& stop, AgentState registered) {
    log_error("the registry is older than the ledger: " + whose + " is " +
              std::string(to_string(stop.state)) + " by " + stop.by + ", not " +
              std::string(to_string(registered)));
}

// What a fuse ended is asked of the chip again: nothing is lost where it was blown.
void owe_the_end(AgentRow& row) {
    Stages pending = Stages::of(row.pending);
    if (has_ended(row.state)) pending.add({Stage::fuse});
    if (row.state == AgentState::retired) pending.add({Stage::blob});
    row.pending = pending.text();
}

bool says_more(const LastStop& stop, const AgentRow& row) {
    const bool slower = stop.state == row.state && stop.rate != 0 && stop.rate < row.rate;
    return is_stricter(stop.state, row.state) || slower;
}

AgentRow stopped(AgentRow row, const LastStop& stop) {
    const bool is_absent = stop.by == by_vanished_file;
    row.returns_to = is_absent ? row.state : AgentState::active;
    row.returns_by = is_absent ? row.changed_by : std::string();
    row.state = stop.state;
    row.changed_by = stop.by;
    row.reason = stop.reason;
    row.rate = stop.state == AgentState::throttled ? std::max(stop.rate, min_rate) : 0;
    owe_the_end(row);
    return row;
}

// Names first: rows change.
std::vector<std::string> names_of(const Registry& registry) {
    std::vector<std::string> names;
    for (const auto& [name, row] : registry.rows())
        names.push_back(name);
    return names;
}

void take_agent(Services& services, const AgentRow& row) {
    const LastStop* stop = services.history.last().of_key(row.key.id);
    if (stop == nullptr || !says_more(*stop, row)) return;
    tell_stop("agent " + row.name, *stop, row.state);
    const AgentRow now = stopped(row, *stop);
    services.containment.set(now.name, now.state, now.rate);
    const Done saved = save(services, now);
    if (!saved) log_error("agent " + now.name + ": " + saved.error().text());
}

void take_host(Services& services) {
    HostRow row = services.registry.host();
    const LastStop& stop = services.history.last().host();
    if (!is_stricter(stop.state, row.state)) return;
    tell_stop("the host", stop, row.state);
    row.state = stop.state;
    row.changed_by = stop.by;
    row.reason = stop.reason;
    services.containment.set_host(row.state);
    if (services.registry.put_host(row)) return;
    services.ongoing.unsaved_host = std::move(row);
}

// Nothing is in force for them; an operator wants to know.
void tell_missing(const Services& services) {
    const LastStates& last = services.history.last();
    for (const auto& [name, declared] : last.declared()) {
        const LastStop* stop = last.of_key(declared.key_id);
        const bool is_over = stop != nullptr && has_ended(stop->state);
        if (!is_over && services.registry.find(name) == nullptr)
            log_error("the registry is older than the ledger: it has no agent " + name);
    }
}

}  // namespace

void take_stops_of_ledger(Services& services) {
    take_host(services);
    for (const std::string& name : names_of(services.registry))
        take_agent(services, *services.registry.find(name));
    tell_missing(services);
}

bool is_last_declared(const Services& services, const policy::AgentFile& file) {
    const auto& all = services.history.last().declared();
    const auto last = all.find(file.name);
    return last == all.end() || last->second.file_sha256.empty() ||
           last->second.file_sha256 == encode::hex(file.digest);
}

Done check_policy_rows(const Services& services) {
    for (const auto& [name, last] : services.history.last().policies()) {
        const auto row = services.registry.policies().find(name);
        const std::int64_t known =
            row == services.registry.policies().end() ? 0 : row->second.version;
        if (known >= last.version) continue;
        return Error(Code::conflict, "the registry is older than the ledger: policy set " + name +
                                         " was at version " + std::to_string(last.version) +
                                         ", not " + std::to_string(known));
    }
    return done();
}

}  // namespace holdfast::daemon::handlers
