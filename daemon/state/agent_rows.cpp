#include "daemon/state/agent_rows.h"

#include <algorithm>
#include <utility>

namespace holdfast::daemon {
namespace {

constexpr std::string_view all_agents =
    "SELECT a.name, a.state, a.changed_by, a.pending, a.file_digest,"
    " k.id, k.agent, k.purpose, k.spki, k.tpm_public, k.name,"
    " f.kind, f.nv_index, f.value, f.nv_public, h.kind, h.nv_index, h.value, h.nv_public,"
    " k.backend, k.algorithm, k.custody, k.token,"
    " a.reason, a.rate, a.sponsor, a.environment, a.returns_to, a.returns_by"
    " FROM agent a LEFT JOIN key k ON k.id = a.key_id"
    " LEFT JOIN fuse f ON f.key_id = k.id AND f.scope = 'agent'"
    " LEFT JOIN fuse h ON h.key_id = k.id AND h.scope = 'host'";

Fuse fuse_from(const Query& row, int column) {
    Fuse fuse;
    fuse.kind = static_cast<FuseKind>(row.integer(column));
    fuse.nv_index = static_cast<std::uint32_t>(row.integer(column + 1));
    fuse.value = static_cast<std::uint64_t>(row.integer(column + 2));
    fuse.nv_public = row.bytes(column + 3);
    return fuse;
}

bool is_between(std::int64_t value, std::int64_t low, std::int64_t high) {
    return value >= low && value <= high;
}

constexpr int state_column = 1;
constexpr int file_digest_column = 4;
constexpr int key_id_column = 5;
constexpr int purpose_column = 7;
constexpr int agent_fuse_column = 11;
constexpr int host_fuse_column = 15;
constexpr int backend_column = 19;
constexpr int reason_column = 23;

// Without a key its columns are all NULL, and nobody reads them.
bool is_key_intact(const Query& row) {
    if (row.text(key_id_column).empty()) return true;
    const auto backend = row.integer(backend_column);
    const bool in_token = backend == static_cast<std::int64_t>(Backend::pkcs11);
    return is_between(row.integer(purpose_column), 1, 4) &&
           is_between(row.integer(agent_fuse_column), 0, 4) &&
           is_between(row.integer(host_fuse_column), 0, 4) && is_between(backend, 1, 2) &&
           is_between(row.integer(backend_column + 1), 1, 7) &&
           is_between(row.integer(backend_column + 2), 1, 6) &&
           in_token != row.text(backend_column + 3).empty();
}

KeyDescription key_from(const Query& row) {
    KeyDescription key;
    key.id = row.text(key_id_column);
    if (key.id.empty()) return key;
    key.agent = row.text(6);
    key.purpose = static_cast<Purpose>(row.integer(purpose_column));
    key.spki = row.bytes(8);
    key.tpm_public = row.bytes(9);
    key.name = row.bytes(10);
    key.agent_fuse = fuse_from(row, agent_fuse_column);
    key.host_fuse = fuse_from(row, host_fuse_column);
    key.backend = static_cast<Backend>(row.integer(backend_column));
    key.algorithm = static_cast<KeyAlgorithm>(row.integer(backend_column + 1));
    key.custody = static_cast<Custody>(row.integer(backend_column + 2));
    key.token = row.text(backend_column + 3);
    return key;
}

// Whoever is throttled, or will be when its file is back, has a rate.
bool is_standing_intact(const Query& row) {
    const std::int64_t state = row.integer(state_column);
    const std::int64_t returns_to = row.integer(reason_column + 4);
    constexpr auto throttled = static_cast<std::int64_t>(AgentState::throttled);
    const bool has_rate = is_between(row.integer(reason_column + 1), min_rate, max_rate);
    return is_agent_state(state) && is_agent_state(returns_to) &&
           may_act(static_cast<AgentState>(returns_to)) &&
           (has_rate || (state != throttled && returns_to != throttled));
}

Result<AgentRow> row_from(const Query& row) {
    AgentRow agent;
    agent.name = row.text(0);
    const Bytes digest = row.bytes(file_digest_column);
    // A wrong state must not be read as a harmless one.
    if (!is_standing_intact(row) || !is_key_intact(row) || digest.size() != sizeof(Sha256))
        return Error(Code::invalid, "registry: damaged: agent " + agent.name);
    std::copy(digest.begin(), digest.end(), agent.file_digest.begin());
    agent.state = static_cast<AgentState>(row.integer(state_column));
    agent.changed_by = row.text(2);
    agent.pending = row.text(3);
    agent.key = key_from(row);
    agent.reason = row.text(reason_column);
    agent.rate = row.integer(reason_column + 1);
    agent.sponsor = row.text(reason_column + 2);
    agent.environment = row.text(reason_column + 3);
    agent.returns_to = static_cast<AgentState>(row.integer(reason_column + 4));
    agent.returns_by = row.text(reason_column + 5);
    return agent;
}

Done write_fuse(const Database& database, std::string_view key, std::string_view scope,
                const Fuse& fuse) {
    HOLDFAST_TRY(insert, database.prepare("INSERT OR REPLACE INTO fuse VALUES (?,?,?,?,?,?)"));
    return insert.bind(key)
        .bind(scope)
        .bind(static_cast<std::int64_t>(fuse.kind))
        .bind(static_cast<std::int64_t>(fuse.nv_index))
        .bind(static_cast<std::int64_t>(fuse.value))
        .bind(ByteView(fuse.nv_public))
        .run();
}

// Names each column: a migrated table has them in the order in which they came.
constexpr std::string_view replace_key =
    "INSERT INTO key (id, agent, purpose, spki, tpm_public, name, backend, algorithm, custody,"
    " token) VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET"
    " agent = excluded.agent, purpose = excluded.purpose, spki = excluded.spki,"
    " tpm_public = excluded.tpm_public, name = excluded.name, backend = excluded.backend,"
    " algorithm = excluded.algorithm, custody = excluded.custody, token = excluded.token";

Done write_key(const Database& database, const KeyDescription& key) {
    HOLDFAST_TRY(insert, database.prepare(replace_key));
    HOLDFAST_CHECK(insert.bind(key.id)
                       .bind(key.agent)
                       .bind(static_cast<std::int64_t>(key.purpose))
                       .bind(ByteView(key.spki))
                       .bind(ByteView(key.tpm_public))
                       .bind(ByteView(key.name))
                       .bind(static_cast<std::int64_t>(key.backend))
                       .bind(static_cast<std::int64_t>(key.algorithm))
                       .bind(static_cast<std::int64_t>(key.custody))
                       .bind(key.token)
                       .run());
    HOLDFAST_CHECK(write_fuse(database, key.id, "agent", key.agent_fuse));
    return write_fuse(database, key.id, "host", key.host_fuse);
}

constexpr std::string_view replace_agent =
    "INSERT OR REPLACE INTO agent (name, state, changed_by, pending, file_digest, reason, rate,"
    " sponsor, environment, returns_to, returns_by, key_id) VALUES (?,?,?,?,?,?,?,?,?,?,?,?)";

Done write_agent(const Database& database, const AgentRow& row) {
    HOLDFAST_TRY(insert, database.prepare(replace_agent));
    insert.bind(row.name)
        .bind(static_cast<std::int64_t>(row.state))
        .bind(row.changed_by)
        .bind(row.pending)
        .bind(ByteView(row.file_digest))
        .bind(row.reason)
        .bind(row.rate)
        .bind(row.sponsor)
        .bind(row.environment)
        .bind(static_cast<std::int64_t>(row.returns_to))
        .bind(row.returns_by);
    row.key.id.empty() ? insert.bind_null() : insert.bind(row.key.id);
    return insert.run();
}

}  // namespace

Result<AgentRows> read_agent_rows(const Database& database) {
    AgentRows rows;
    HOLDFAST_TRY(agents, database.prepare(all_agents));
    while (true) {
        HOLDFAST_TRY(more, agents.step());
        if (!more) return rows;
        HOLDFAST_TRY(row, row_from(agents));
        std::string name = row.name;
        rows.insert_or_assign(std::move(name), std::move(row));
    }
}

Done write_agent_row(const Database& database, const AgentRow& row) {
    if (!row.key.id.empty()) HOLDFAST_CHECK(write_key(database, row.key));
    return write_agent(database, row);
}

}  // namespace holdfast::daemon
