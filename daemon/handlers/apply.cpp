// POST /v1/apply: re-reads the agent files, shows the difference, makes keys, then swaps.
#include "api/admin_messages.h"
#include "core/encode/base64.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/instances.h"
#include "daemon/handlers/key_choice.h"
#include "daemon/handlers/limits.h"
#include "daemon/handlers/operators.h"
#include "daemon/handlers/policies.h"
#include "daemon/handlers/triggers.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

using Files = std::map<std::string, policy::AgentFile>;
using Changes = std::vector<api::Change>;

constexpr const char* created = "created";
constexpr const char* changed = "changed";
constexpr const char* unchanged = "unchanged";
constexpr const char* vanished = "vanished";
constexpr const char* reappeared = "reappeared";
constexpr const char* waiting = "waiting";  // retired, but its old key is not yet ended

// A key made by an apply that failed later: the row is there, no file was ever in force.
bool never_in_force(const AgentRow& row) {
    return row.file_digest == Sha256{};
}

api::Change change_of(const std::optional<AgentRow>& row, const policy::AgentFile& file) {
    const std::string active(to_string(AgentState::active));
    if (!row) return {file.name, created, active};
    const std::string state(to_string(row->state));
    if (row->state == AgentState::retired && !row->pending.empty())
        return {file.name, waiting, state};
    if (row->state == AgentState::retired) return {file.name, created, active};
    if (row->state == AgentState::suspended && row->changed_by == by_vanished_file)
        return {file.name, reappeared, std::string(to_string(row->returns_to))};
    if (never_in_force(*row)) return {file.name, created, state};
    return {file.name, row->file_digest == file.digest ? unchanged : changed, state};
}

Changes plan(const Services& services, const Files& files) {
    Changes changes;
    for (const auto& [name, file] : files)
        changes.push_back(change_of(current_row(services, name), file));
    for (const auto& [name, stored] : services.registry.rows()) {
        const auto row = current_row(services, name);
        if (files.contains(name) || !row || row->state == AgentState::retired) continue;
        const AgentState after = may_act(row->state) ? AgentState::suspended : row->state;
        changes.push_back({name, vanished, std::string(to_string(after))});
    }
    return changes;
}

std::vector<policy::AgentFile> declared_in(const Files& files) {
    std::vector<policy::AgentFile> declared;
    for (const auto& [name, file] : files)
        declared.push_back(file);
    return declared;
}

// That a worker is away is no fault of the files.
bool is_away(const Error& error) {
    return error.code() == Code::unavailable || error.code() == Code::busy ||
           error.code() == Code::timeout;
}

Async<Answer> show_plan(Services& services, Files files, std::vector<api::PolicyChange> policies) {
    auto checking = check_key_choices(services, declared_in(files));
    const Done choices = co_await std::move(checking);
    if (!choices && !is_away(choices.error())) co_return choices.error();
    const api::Applied reply{true, plan(services, files), std::move(policies)};
    co_return json_answer(api::to_json(reply));
}

Async<std::monostate> make_key(Services& services, std::string name, policy::KeyChoice choice,
                               std::string principal) {
    const auto before = current_row(services, name);
    if (before && before->state != AgentState::retired) co_return done();
    auto creating = create_chosen_key(services, name, std::move(choice));
    HOLDFAST_CO_TRY(key, co_await std::move(creating));
    AgentRow row;
    row.name = name;
    row.changed_by = std::move(principal);
    row.key = std::move(key);
    Done stored = services.registry.put(row);
    if (!stored) co_return std::move(stored).error().within("registry");
    co_return done();
}

encode::Json::Object agent_record(const Services& services, const AgentRow& row,
                                  const policy::AgentFile& file, const std::string& change,
                                  const std::string& by) {
    const policy::Accountability& who = file.accountability;
    encode::Json::Object record;
    record["agent"] = row.name;
    record["algorithm"] = to_string(row.key.algorithm);
    record["backend"] = to_string(row.key.backend);
    record["by"] = by;
    record["custody"] = custody_name(services, row.key);
    record["can_stop"] = encode::Json::Array(who.can_stop.begin(), who.can_stop.end());
    record["change"] = change;
    record["environment"] = file.environment;
    if (!file.launch) record["executable_sha256"] = encode::hex(file.executable);
    record["launched"] = file.launch.has_value();
    record["file_sha256"] = encode::hex(file.digest);
    record["key_id"] = row.key.id;
    record["key_spki"] = encode::base64url(row.key.spki);
    record["owner"] = who.owner;
    record["policy_author"] = who.policy_author;
    record["sponsor"] = who.sponsor;
    if (!row.key.token.empty()) record["token"] = row.key.token;
    if (!file.launch) record["uid"] = static_cast<std::int64_t>(file.uid);
    return record;
}

// False: there was nothing to record.
Async<bool> record_one(Services& services, const Files& files, api::Change change, std::string by) {
    auto row = current_row(services, change.name);
    if (!row || change.change == unchanged || change.change == waiting) co_return false;
    std::string type = "agent";
    encode::Json::Object record;
    if (change.change == vanished) {
        if (!may_act(row->state)) co_return false;
        row->state = AgentState::suspended;
        type = "containment";
        record = containment_record(*row, "suspend", by_vanished_file);
        record["applied_by"] = std::move(by);
    } else {
        record = agent_record(services, *row, files.at(change.name), change.change, by);
    }
    auto appended = services.ledger.append(std::move(type), std::move(record));
    HOLDFAST_CO_CHECK(co_await std::move(appended));
    co_return true;
}

// Before anything is in force. False: nothing changes.
Async<bool> record_all(Services& services, const Files& files, const Changes& changes,
                       const policy::Operators& operators, const std::string& by) {
    HOLDFAST_CO_TRY(any, co_await record_operators(services, operators, by));
    for (const api::Change& change : changes) {
        HOLDFAST_CO_TRY(recorded, co_await record_one(services, files, change, by));
        any = any || recorded;
    }
    co_return any;
}

// Whoever reinstated or stopped it while the changes were recorded has the last word there: then
// settle() writes what holds.
void owe_record(const Services& services, AgentRow& row) {
    const StopRecord* last = services.history.stop_of(row.key.id);
    if (last != nullptr && last->state == to_string(row.state)) return;
    Stages pending = Stages::of(row.pending);
    pending.add({Stage::ledger});
    row.pending = pending.text();
}

// The row after the change. It never lifts a stop that came while the changes were recorded.
AgentRow row_after(const Services& services, AgentRow row, const api::Change& change,
                   const Files& files, const std::string& principal) {
    if (change.change == vanished) {
        if (!may_act(row.state)) return row;
        row.returns_to = row.state;
        row.returns_by = row.changed_by;
        row.state = AgentState::suspended;
        row.changed_by = by_vanished_file;
        owe_record(services, row);
        return row;
    }
    const policy::AgentFile& file = files.at(change.name);
    row.file_digest = file.digest;
    row.sponsor = file.accountability.sponsor;
    row.environment = file.environment;
    if (row.state == AgentState::suspended && row.changed_by == by_vanished_file) {
        // A file that comes back lifts nothing that an operator demanded before.
        row.state = row.returns_to;
        row.changed_by = is_restricted(row.returns_to) ? row.returns_by : principal;
        row.returns_to = AgentState::active;
        row.returns_by.clear();
    }
    return row;
}

// The rows that are to be stored. Files of agents that are retired by now drop out.
std::vector<AgentRow> rows_after(const Services& services, Files& files, Changes& changes,
                                 const std::string& principal) {
    std::vector<AgentRow> rows;
    for (api::Change& change : changes) {
        auto row = current_row(services, change.name);
        if (!row || row->state == AgentState::retired) {
            files.erase(change.name);
            continue;
        }
        AgentRow after = row_after(services, *std::move(row), change, files, principal);
        change.state = to_string(after.state);
        if (change.change != unchanged) rows.push_back(std::move(after));
    }
    return rows;
}

// No suspension in here: everything is stored at once, then everything is swapped. What cannot be
// stored leaves all as it was, but for the keys that were made and the records that say what was
// to be: the next apply uses those keys, and records it again.
// The answer: agents that were suspended, or are now.
Result<std::vector<std::string>> put_in_force(Services& services, Files files,
                                              policy::Policies policies, api::Applied& reply,
                                              const std::string& principal) {
    const auto rows = rows_after(services, files, reply.changes, principal);
    const PolicyRows sets = changed_rows(policies, reply.policies);
    if (!rows.empty() || !sets.empty()) HOLDFAST_CHECK(services.registry.put_declared(rows, sets));
    std::vector<std::string> moved;
    for (const AgentRow& row : rows) {
        services.ongoing.unsaved.erase(row.name);
        const AgentState before = services.containment.state_of(row.name);
        if (before == row.state) continue;
        if (before == AgentState::suspended || row.state == AgentState::suspended)
            moved.push_back(row.name);
        if (row.state == AgentState::suspended) ++services.ongoing.stops[row.name];
        services.containment.set(row.name, row.state, row.rate);
        services.credentials.forget(row.name);
        services.ongoing.approvals.forget(row.name);
    }
    services.agents.swap(files);
    services.policies = std::move(policies);
    take_declared_limits(services);
    take_declared_triggers(services, reply.changes);
    return moved;
}

// What runs of them stands still or goes on, as with suspend and reinstate. Where the launcher is
// away, whoever stands still is frozen when it is back.
Async<std::monostate> move_processes(Services& services, std::vector<std::string> agents) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    for (const std::string& agent : agents) {
        if (services.launched.of(agent).empty()) continue;
        const bool goes_on = may_act(services.containment.state_of(agent));
        extend_beside(services, executor, goes_on ? "reinstate" : "suspend", event_of(agent));
        const Ending ending = goes_on ? Ending::thaw : Ending::freeze;
        const Done ended = co_await end_all(services, agent, ending);
        if (!ended) log_warning("agent " + agent + ": its processes: " + ended.error().text());
    }
    co_return done();
}

}  // namespace

Async<Answer> apply(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::apply_request(call.body));
    if (services.ongoing.applying)
        co_return Error(Code::conflict, "another apply is under way", Retry::later)
            .because("apply_under_way");
    const Held applying(services.ongoing.applying);
    // Everything is read before anything is done: one bad file, and all stays as it was.
    HOLDFAST_CO_TRY(files, policy::read_agent_files(services.settings.agents_dir));
    HOLDFAST_CO_TRY(operators, policy::Operators::read(services.settings.operators_file));
    HOLDFAST_CO_TRY(policies, co_await declared_policies(services, operators));
    HOLDFAST_CO_TRY(policy_news, policy_changes(services, policies));
    if (request.dry_run)
        co_return co_await show_plan(services, std::move(files), std::move(policy_news));
    auto checking = check_key_choices(services, declared_in(files));
    HOLDFAST_CO_CHECK(co_await std::move(checking));
    api::Applied reply{false, plan(services, files), std::move(policy_news)};
    // For the records: asked once, and nothing to fail for.
    (void)co_await services.host.identity();
    for (const api::Change& change : reply.changes) {
        if (change.change != created) continue;
        policy::KeyChoice choice = files.at(change.name).key;
        auto making = make_key(services, change.name, std::move(choice), call.principal);
        HOLDFAST_CO_CHECK(co_await std::move(making));
    }
    HOLDFAST_CO_TRY(is_news,
                    co_await record_all(services, files, reply.changes, operators, call.principal));
    HOLDFAST_CO_TRY(is_policy,
                    co_await record_policies(services, policies, reply.policies, call.principal));
    HOLDFAST_CO_TRY(moved, put_in_force(services, std::move(files), std::move(policies), reply,
                                        call.principal));
    services.operators = std::move(operators);
    (void)co_await move_processes(services, std::move(moved));
    // Yesterday's declarations are not to come back with yesterday's disk.
    if (is_news || is_policy) {
        const auto anchored = co_await anchor_step(services, "apply", call.principal);
        if (!anchored) log_warning("anchor counter: " + anchored.error().text());
    }
    co_return json_answer(api::to_json(reply));
}

}  // namespace holdfast::daemon::handlers
