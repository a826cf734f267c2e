#include "daemon/state/registry_schema.h"

#include <array>

namespace holdfast::daemon {
namespace {

constexpr std::int64_t first_version = 1;
constexpr std::int64_t second_version = 2;
constexpr std::int64_t third_version = 3;

// `key` keeps every key ever used, also those of retired agents; a fuse belongs to its key.
constexpr std::array first_schema = {
    "CREATE TABLE schema (version INTEGER NOT NULL) STRICT",
    "INSERT INTO schema (version) VALUES (1)",
    "CREATE TABLE key (id TEXT PRIMARY KEY, agent TEXT NOT NULL, purpose INTEGER NOT NULL,"
    " spki BLOB NOT NULL, tpm_public BLOB NOT NULL, name BLOB NOT NULL) STRICT",
    "CREATE TABLE fuse (key_id TEXT NOT NULL REFERENCES key(id),"
    " scope TEXT NOT NULL CHECK (scope IN ('agent', 'host')), kind INTEGER NOT NULL,"
    " nv_index INTEGER NOT NULL, value INTEGER NOT NULL, nv_public BLOB NOT NULL,"
    " PRIMARY KEY (key_id, scope)) STRICT",
    "CREATE TABLE agent (name TEXT PRIMARY KEY, state INTEGER NOT NULL,"
    " changed_by TEXT NOT NULL, pending TEXT NOT NULL, file_digest BLOB NOT NULL,"
    " key_id TEXT REFERENCES key(id)) STRICT",
    "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT",
};

// What was made before was made in a TPM, for ES256, with the chip's custody (so none of its own).
constexpr std::array to_second = {
    "ALTER TABLE key ADD COLUMN backend INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE key ADD COLUMN algorithm INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE key ADD COLUMN custody INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE key ADD COLUMN token TEXT NOT NULL DEFAULT ''",
    "UPDATE schema SET version = 2",
};

// Who was stopped before said no reason, and nobody was throttled.
constexpr std::array to_third = {
    "ALTER TABLE agent ADD COLUMN reason TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE agent ADD COLUMN rate INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE agent ADD COLUMN sponsor TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE agent ADD COLUMN environment TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE agent ADD COLUMN returns_to INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE agent ADD COLUMN returns_by TEXT NOT NULL DEFAULT ''",
    "CREATE TABLE host (id INTEGER PRIMARY KEY CHECK (id = 1), state INTEGER NOT NULL,"
    " changed_by TEXT NOT NULL, reason TEXT NOT NULL, pending TEXT NOT NULL) STRICT",
    "UPDATE schema SET version = 3",
};

// Agent files said before what policies say now: an agent has nothing signed until they are
// applied.
constexpr std::array to_fourth = {
    "CREATE TABLE policy_set (name TEXT PRIMARY KEY, version INTEGER NOT NULL,"
    " text TEXT NOT NULL, signature TEXT NOT NULL) STRICT",
    "UPDATE schema SET version = 4",
};

template <std::size_t N>
Done run_all(const Database& database, const std::array<const char*, N>& statements) {
    for (const auto* const statement : statements)
        HOLDFAST_CHECK(database.run(statement));
    return done();
}

}  // namespace

Done prepare_schema(const Database& database) {
    HOLDFAST_TRY(transaction, Transaction::begin(database));
    HOLDFAST_TRY(tables, database.integer("SELECT count(*) FROM sqlite_schema"));
    if (tables == 0) HOLDFAST_CHECK(run_all(database, first_schema));
    const auto version = database.integer("SELECT version FROM schema");
    if (!version) return Error(Code::invalid, "registry: an SQLite file, but not of this program");
    if (*version < first_version || *version > schema_version)
        return Error(Code::invalid, "registry: schema version " + std::to_string(*version) +
                                        ", this program knows " + std::to_string(schema_version));
    if (*version < second_version) HOLDFAST_CHECK(run_all(database, to_second));
    if (*version < third_version) HOLDFAST_CHECK(run_all(database, to_third));
    if (*version < schema_version) HOLDFAST_CHECK(run_all(database, to_fourth));
    return transaction.commit();
}

}  // namespace holdfast::daemon
