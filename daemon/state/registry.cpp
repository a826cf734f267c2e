#include "daemon/state/registry.h"

#include "daemon/state/agent_rows.h"
#include "daemon/state/database.h"
#include "daemon/state/registry_schema.h"

namespace holdfast::daemon {

namespace {

bool is_host_state(AgentState state) {
    return state == AgentState::active || state == AgentState::suspended ||
           state == AgentState::revoked;
}

// What ended stays ended, whatever a caller believes: a revoked name never acts again, a retired
// one only with another key.
Done check_step(const AgentRow& from, const AgentRow& to) {
    const bool stays_ended = to.state == from.state ||
                             (from.state == AgentState::revoked && to.state == AgentState::retired);
    const bool new_key = to.key.id != from.key.id || to.key.spki != from.key.spki;
    const bool declared_again = from.state == AgentState::retired && new_key;
    if (!has_ended(from.state) || stays_ended || declared_again) return done();
    return Error(Code::conflict, "agent " + from.name + " is " +
                                     std::string(to_string(from.state)) + " and cannot become " +
                                     std::string(to_string(to.state)));
}

}  // namespace

struct Registry::State {
    Database database;
    AgentRows rows;
    std::map<std::string, std::string, std::less<>> notes;
    HostRow host;
    PolicyRows policies;

    Done load();
    Done load_host();
};

// No row: nobody ever stopped this host.
Done Registry::State::load_host() {
    HOLDFAST_TRY(row, database.prepare("SELECT state, changed_by, reason, pending FROM host"));
    HOLDFAST_TRY(more, row.step());
    if (!more) return done();
    host.state = static_cast<AgentState>(row.integer(0));
    if (!is_host_state(host.state)) return Error(Code::invalid, "registry: damaged: the host");
    host.changed_by = row.text(1);
    host.reason = row.text(2);
    host.pending = row.text(3);
    return done();
}

Done Registry::State::load() {
    HOLDFAST_TRY(agents, read_agent_rows(database));
    rows = std::move(agents);
    HOLDFAST_TRY(sets, read_policy_rows(database));
    policies = std::move(sets);
    HOLDFAST_TRY(named, database.prepare("SELECT name, value FROM note"));
    while (true) {
        HOLDFAST_TRY(more, named.step());
        if (!more) return load_host();
        notes.insert_or_assign(named.text(0), named.text(1));
    }
}

Registry::Registry(std::unique_ptr<State> state) : state_(std::move(state)) {}
Registry::Registry(Registry&&) noexcept = default;
Registry& Registry::operator=(Registry&&) noexcept = default;
Registry::~Registry() = default;

Result<Registry> Registry::open(const std::string& path) {
    HOLDFAST_TRY(database, Database::open(path));
    if (auto known = prepare_schema(database); !known) return std::move(known).error().within(path);
    auto state = std::make_unique<State>(State{std::move(database), {}, {}, {}, {}});
    if (auto loaded = state->load(); !loaded) return std::move(loaded).error().within(path);
    return Registry(std::move(state));
}

const AgentRow* Registry::find(std::string_view name) const {
    const auto found = state_->rows.find(name);
    return found == state_->rows.end() ? nullptr : &found->second;
}

const std::map<std::string, AgentRow, std::less<>>& Registry::rows() const {
    return state_->rows;
}

Done Registry::put(const AgentRow& row) {
    // A copy: the caller may pass the very row that is kept here.
    return put_declared({row}, {});
}

Done Registry::put_declared(const std::vector<AgentRow>& agents, const PolicyRows& policies) {
    HOLDFAST_TRY(transaction, Transaction::begin(state_->database));
    for (const AgentRow& row : agents) {
        if (const AgentRow* known = find(row.name)) HOLDFAST_CHECK(check_step(*known, row));
        HOLDFAST_CHECK(write_agent_row(state_->database, row));
    }
    HOLDFAST_CHECK(write_policy_rows(state_->database, state_->policies, policies));
    HOLDFAST_CHECK(transaction.commit());
    for (const AgentRow& row : agents)
        state_->rows.insert_or_assign(row.name, row);
    for (const auto& [name, row] : policies)
        state_->policies.insert_or_assign(name, row);
    return done();
}

const HostRow& Registry::host() const {
    return state_->host;
}

Done Registry::put_host(const HostRow& row) {
    if (has_ended(state_->host.state) && !has_ended(row.state))
        return Error(Code::conflict,
                     "this host is revoked and cannot become " + std::string(to_string(row.state)));
    HOLDFAST_TRY(insert, state_->database.prepare("INSERT OR REPLACE INTO host (id, state,"
                                                  " changed_by, reason, pending)"
                                                  " VALUES (1,?,?,?,?)"));
    HOLDFAST_CHECK(insert.bind(static_cast<std::int64_t>(row.state))
                       .bind(row.changed_by)
                       .bind(row.reason)
                       .bind(row.pending)
                       .run());
    HostRow kept = row;
    state_->host = std::move(kept);
    return done();
}

const PolicyRows& Registry::policies() const {
    return state_->policies;
}

Done Registry::put_policies(const PolicyRows& rows) {
    return put_declared({}, rows);
}

std::optional<std::string> Registry::note(std::string_view name) const {
    const auto found = state_->notes.find(name);
    if (found == state_->notes.end()) return std::nullopt;
    return found->second;
}

Done Registry::set_note(std::string_view name, std::string_view value) {
    HOLDFAST_TRY(insert, state_->database.prepare("INSERT OR REPLACE INTO note VALUES (?,?)"));
    HOLDFAST_CHECK(insert.bind(name).bind(value).run());
    state_->notes.insert_or_assign(std::string(name), std::string(value));
    return done();
}

}  // namespace holdfast::daemon
