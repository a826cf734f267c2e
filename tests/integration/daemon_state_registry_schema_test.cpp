// Registries of older programs, and damaged ones.
#include <sqlite3.h>

#include "daemon/state/registry.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::AgentRow;
using daemon::AgentState;
using daemon::Registry;

namespace {

// What version 0.1 wrote, to the letter: this text never follows the program's.
constexpr const char* first_version =
    "CREATE TABLE schema (version INTEGER NOT NULL) STRICT;"
    "CREATE TABLE key (id TEXT PRIMARY KEY, agent TEXT NOT NULL, purpose INTEGER NOT NULL,"
    " spki BLOB NOT NULL, tpm_public BLOB NOT NULL, name BLOB NOT NULL) STRICT;"
    "CREATE TABLE fuse (key_id TEXT NOT NULL REFERENCES key(id),"
    " scope TEXT NOT NULL CHECK (scope IN ('agent', 'host')), kind INTEGER NOT NULL,"
    " nv_index INTEGER NOT NULL, value INTEGER NOT NULL, nv_public BLOB NOT NULL,"
    " PRIMARY KEY (key_id, scope)) STRICT;"
    "CREATE TABLE agent (name TEXT PRIMARY KEY, state INTEGER NOT NULL,"
    " changed_by TEXT NOT NULL, pending TEXT NOT NULL, file_digest BLOB NOT NULL,"
    " key_id TEXT REFERENCES key(id)) STRICT;"
    "CREATE TABLE note (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;"
    "INSERT INTO schema VALUES (1);"
    "INSERT INTO key VALUES ('agent-bot-1', 'bot', 1, x'3000ff', x'0023', x'000b01');"
    "INSERT INTO fuse VALUES ('agent-bot-1', 'agent', 1, 25165825, 7, x'0180');"
    "INSERT INTO fuse VALUES ('agent-bot-1', 'host', 1, 25165824, 9, x'02');"
    "INSERT INTO agent VALUES ('bot', 3, 'uid:0', 'ledger', zeroblob(32), 'agent-bot-1');"
    "INSERT INTO agent VALUES ('young', 1, '', '', zeroblob(32), NULL);"
    "INSERT INTO note VALUES ('ledger_head', '5 abc');";

// What version 2 added, to the letter.
constexpr const char* to_second_version =
    "ALTER TABLE key ADD COLUMN backend INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE key ADD COLUMN algorithm INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE key ADD COLUMN custody INTEGER NOT NULL DEFAULT 1;"
    "ALTER TABLE key ADD COLUMN token TEXT NOT NULL DEFAULT '';"
    "UPDATE schema SET version = 2;";

void run_sql(const std::string& path, const std::string& sql) {
    sqlite3* database = nullptr;
    REQUIRE(::sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    CHECK(::sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(::sqlite3_close(database) == SQLITE_OK);
}

std::string version_in(const std::string& path) {
    sqlite3* database = nullptr;
    REQUIRE(::sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    std::string version;
    const auto keep = [](void* into, int, char** values, char**) {
        *static_cast<std::string*>(into) = values[0];
        return 0;
    };
    CHECK(::sqlite3_exec(database, "SELECT version FROM schema", keep, &version, nullptr) ==
          SQLITE_OK);
    REQUIRE(::sqlite3_close(database) == SQLITE_OK);
    return version;
}

AgentRow token_row() {
    AgentRow row;
    row.name = "hsm-bot";
    row.state = AgentState::active;
    row.key.id = "hsm-hsm-bot-1";
    row.key.agent = "hsm-bot";
    row.key.backend = Backend::pkcs11;
    row.key.algorithm = KeyAlgorithm::rs256_3072;
    row.key.custody = Custody::software_hsm;
    row.key.token = "0123456789abcdef";
    row.key.spki = {0x30, 0x01};
    row.key.agent_fuse.kind = FuseKind::object;
    return row;
}

void keep(const std::string& path, const AgentRow& row) {
    auto registry = Registry::open(path);
    REQUIRE(registry);
    REQUIRE(registry->put(row));
}

}  // namespace

TEST_CASE("registry: one of the first version is brought up to date, and nothing is lost",
          "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    run_sql(path, first_version);
    {
        auto registry = Registry::open(path);
        if (!registry) FAIL(registry.error().text());
        REQUIRE(registry->rows().size() == 2);
        const AgentRow& row = *registry->find("bot");
        CHECK(row.state == AgentState::revoked);
        CHECK(row.pending == "ledger");
        CHECK(row.key.spki == Bytes{0x30, 0x00, 0xff});
        CHECK(row.key.tpm_public == Bytes{0x00, 0x23});
        CHECK(row.key.agent_fuse.nv_index == 25165825);
        CHECK(row.key.host_fuse.value == 9);
        CHECK(row.key.backend == Backend::tpm);
        CHECK(row.key.algorithm == KeyAlgorithm::es256);
        CHECK(row.key.custody == Custody::unproven);
        CHECK(row.key.token.empty());
        CHECK(registry->find("young")->key.id.empty());
        CHECK(registry->note("ledger_head") == "5 abc");
        REQUIRE(registry->put(token_row()));
    }
    CHECK(version_in(path) == "4");
    const auto again = Registry::open(path);
    REQUIRE(again);
    CHECK(again->rows().size() == 3);
    CHECK(again->find("bot")->state == AgentState::revoked);
    CHECK(again->find("hsm-bot")->key.token == "0123456789abcdef");
}

TEST_CASE("registry: a migration that cannot end changes nothing", "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    // The last of the new columns is there already, so adding it fails after the others.
    run_sql(path, std::string(first_version) +
                      "ALTER TABLE key ADD COLUMN token TEXT NOT NULL DEFAULT '';");
    CHECK_FALSE(Registry::open(path));
    CHECK(version_in(path) == "1");
    run_sql(path, "ALTER TABLE key DROP COLUMN token;");
    CHECK(Registry::open(path));
}

TEST_CASE("registry: one of the second version keeps its states, without reason or rate",
          "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    run_sql(path, std::string(first_version) + to_second_version);
    {
        auto registry = Registry::open(path);
        if (!registry) FAIL(registry.error().text());
        AgentRow row = *registry->find("bot");
        CHECK(row.state == AgentState::revoked);
        CHECK(row.reason.empty());
        CHECK(row.rate == 0);
        CHECK(row.sponsor.empty());
        CHECK(row.returns_to == AgentState::active);
        CHECK(row.key.token == "");
        CHECK(registry->host().state == AgentState::active);
        AgentRow young = *registry->find("young");
        young.state = AgentState::throttled;
        young.rate = daemon::max_rate;
        young.reason = "spends too fast";
        young.sponsor = "s@example.org";
        young.environment = "production";
        young.returns_to = AgentState::approval_only;
        young.returns_by = "login:7";
        REQUIRE(registry->put(young));
    }
    CHECK(version_in(path) == "4");
    const auto again = Registry::open(path);
    REQUIRE(again);
    const AgentRow& young = *again->find("young");
    CHECK(young.state == AgentState::throttled);
    CHECK(young.rate == 600);
    CHECK(young.reason == "spends too fast");
    CHECK(young.sponsor == "s@example.org");
    CHECK(young.environment == "production");
    CHECK(young.returns_to == AgentState::approval_only);
    CHECK(young.returns_by == "login:7");
}

TEST_CASE("registry: the host's state is there after a restart, and its end stays",
          "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        REQUIRE(registry->put_host({AgentState::suspended, "login:1", "drill", "ledger"}));
        REQUIRE(registry->put_host({AgentState::active, "login:2", "", ""}));
        REQUIRE(registry->put_host({AgentState::revoked, "login:1", "seized", "fuse"}));
        CHECK_FALSE(registry->put_host({AgentState::active, "login:2", "", ""}));
    }
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        CHECK(registry->host().state == AgentState::revoked);
        CHECK(registry->host().changed_by == "login:1");
        CHECK(registry->host().reason == "seized");
        CHECK(registry->host().pending == "fuse");
        CHECK_FALSE(registry->put_host({AgentState::suspended, "login:2", "", ""}));
    }
    // An agent's state that no host has is damage, as is a number of no state at all.
    for (const char* state : {"0", "4", "5", "7"}) {
        run_sql(path, std::string("UPDATE host SET state = ") + state);
        INFO(state);
        CHECK_FALSE(Registry::open(path));
    }
}

TEST_CASE("registry: a state that no agent has, or a throttle without a rate, is damage",
          "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    keep(path, token_row());
    const auto opens_with = [&](const std::string& change) {
        run_sql(path, "UPDATE agent SET " + change);
        const bool opened = Registry::open(path).has_value();
        run_sql(path, "UPDATE agent SET state = 1, rate = 0, returns_to = 1");
        return opened;
    };
    for (const char* good : {"state = 5, rate = 1", "state = 5, rate = 600", "state = 6",
                             "state = 2, returns_to = 5, rate = 6", "state = 2, returns_to = 6"}) {
        INFO(good);
        CHECK(opens_with(good));
    }
    for (const char* damage :
         {"state = 0", "state = 7", "state = 5", "state = 5, rate = 601", "state = 5, rate = -1",
          "returns_to = 2", "returns_to = 5", "returns_to = 0"}) {
        INFO(damage);
        CHECK_FALSE(opens_with(damage));
    }
}

TEST_CASE("registry: a newer program's is left alone", "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    REQUIRE(Registry::open(path));
    for (const char* version : {"5", "0", "-1"}) {
        run_sql(path, std::string("UPDATE schema SET version = ") + version);
        const auto opened = Registry::open(path);
        REQUIRE_FALSE(opened);
        CHECK(opened.error().text().find("this program knows 4") != std::string::npos);
    }
}

TEST_CASE("registry: a key in a token is there after a restart", "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    keep(path, token_row());
    const auto registry = Registry::open(path);
    REQUIRE(registry);
    const KeyDescription& key = registry->find("hsm-bot")->key;
    CHECK(key.backend == Backend::pkcs11);
    CHECK(key.algorithm == KeyAlgorithm::rs256_3072);
    CHECK(key.custody == Custody::software_hsm);
    CHECK(key.token == "0123456789abcdef");
    CHECK(key.agent_fuse.kind == FuseKind::object);
}

TEST_CASE("registry: values that no key has are damage, not a harmless key",
          "[daemon][registry][schema]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    keep(path, token_row());
    const auto opens_with = [&](const std::string& change) {
        run_sql(path, "UPDATE key SET " + change);
        const bool opened = Registry::open(path).has_value();
        run_sql(path,
                "UPDATE key SET purpose = 1, backend = 2, algorithm = 6, custody = 5,"
                " token = '01'");
        return opened;
    };
    CHECK(opens_with("algorithm = 1"));
    CHECK(opens_with("algorithm = 7"));
    CHECK(opens_with("custody = 1"));
    CHECK(opens_with("custody = 6"));
    CHECK(opens_with("backend = 1, token = ''"));
    for (const char* damage :
         {"algorithm = 0", "algorithm = 8", "custody = 0", "custody = 7", "backend = 0",
          "backend = 3", "purpose = 0", "purpose = 5", "token = ''", "backend = 1"}) {
        INFO(damage);
        CHECK_FALSE(opens_with(damage));
    }
    run_sql(path, "UPDATE fuse SET kind = 5");
    CHECK_FALSE(Registry::open(path));
}
