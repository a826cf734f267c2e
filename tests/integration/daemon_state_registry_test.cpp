#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>

#include "daemon/state/registry.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::AgentRow;
using daemon::AgentState;
using daemon::Registry;

namespace {

AgentRow sample_row(const std::string& name) {
    AgentRow row;
    row.name = name;
    row.state = AgentState::suspended;
    row.changed_by = "uid:0";
    row.pending = "ledger fuse";
    row.file_digest.fill(0xab);
    row.key.id = "agent-" + name + "-1";
    row.key.agent = name;
    row.key.purpose = Purpose::action;
    row.key.spki = {0x30, 0x00, 0xff};
    row.key.tpm_public = {0x00, 0x23};
    row.key.name = {0x00, 0x0b, 0x01};
    row.key.agent_fuse = {FuseKind::bank, 0x01800001, 0x8000000000000001, {0x01, 0x80}};
    row.key.host_fuse = {FuseKind::counter, 0x01800000, 7, {0x02}};
    return row;
}

void check_same_fuse(const Fuse& a, const Fuse& b) {
    CHECK(a.kind == b.kind);
    CHECK(a.nv_index == b.nv_index);
    CHECK(a.value == b.value);
    CHECK(a.nv_public == b.nv_public);
}

void check_same(const AgentRow& a, const AgentRow& b) {
    CHECK(a.name == b.name);
    CHECK(a.state == b.state);
    CHECK(a.changed_by == b.changed_by);
    CHECK(a.pending == b.pending);
    CHECK(a.file_digest == b.file_digest);
    CHECK(a.key.id == b.key.id);
    CHECK(a.key.agent == b.key.agent);
    CHECK(a.key.purpose == b.key.purpose);
    CHECK(a.key.spki == b.key.spki);
    CHECK(a.key.tpm_public == b.key.tpm_public);
    CHECK(a.key.name == b.key.name);
    check_same_fuse(a.key.agent_fuse, b.key.agent_fuse);
    check_same_fuse(a.key.host_fuse, b.key.host_fuse);
}

// As somebody else's program would change the file.
void run_sql(const std::string& path, const char* sql) {
    sqlite3* database = nullptr;
    REQUIRE(::sqlite3_open(path.c_str(), &database) == SQLITE_OK);
    CHECK(::sqlite3_exec(database, sql, nullptr, nullptr, nullptr) == SQLITE_OK);
    REQUIRE(::sqlite3_close(database) == SQLITE_OK);
}

}  // namespace

TEST_CASE("registry: what was put is there after a restart, to the last byte",
          "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        CHECK(registry->rows().empty());
        REQUIRE(registry->put(sample_row("bot")));
        AgentRow keyless;
        keyless.name = "young";
        REQUIRE(registry->put(keyless));
        REQUIRE(registry->set_note("srk", "first"));
        REQUIRE(registry->set_note("srk", "second"));
    }
    auto registry = Registry::open(path);
    REQUIRE(registry);
    CHECK(registry->rows().size() == 2);
    const AgentRow* row = registry->find("bot");
    REQUIRE(row != nullptr);
    check_same(*row, sample_row("bot"));
    const AgentRow* keyless = registry->find("young");
    REQUIRE(keyless != nullptr);
    CHECK(keyless->key.id.empty());
    CHECK(registry->note("srk") == "second");
    CHECK_FALSE(registry->note("other"));
    CHECK(registry->find("stranger") == nullptr);
}

TEST_CASE("registry: a write survives a process that is killed right after", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        auto registry = Registry::open(path);
        const bool put = registry && registry->put(sample_row("bot"));
        if (put) (void)::raise(SIGKILL);
        ::_exit(1);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    const auto registry = Registry::open(path);
    REQUIRE(registry);
    CHECK(registry->find("bot") != nullptr);
}

TEST_CASE("registry: only its owner may read it", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    REQUIRE(Registry::open(place.file("registry.db")));
    struct stat status{};
    REQUIRE(::stat(place.file("registry.db").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777U) == 0600U);
}

TEST_CASE("registry: a second process is refused", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const auto first = Registry::open(place.file("registry.db"));
    REQUIRE(first);
    const auto second = Registry::open(place.file("registry.db"));
    REQUIRE_FALSE(second);
    CHECK(second.error().code() == Code::conflict);
}

TEST_CASE("registry: what ended cannot come back", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    auto registry = Registry::open(place.file("registry.db"));
    REQUIRE(registry);
    AgentRow row = sample_row("bot");
    row.state = AgentState::revoked;
    REQUIRE(registry->put(row));
    row.pending.clear();
    CHECK(registry->put(row));  // its stages may complete
    for (const auto state : {AgentState::active, AgentState::suspended}) {
        row.state = state;
        const Done put = registry->put(row);
        REQUIRE_FALSE(put);
        CHECK(put.error().code() == Code::conflict);
        row.key.id = "agent-bot-2";
        CHECK_FALSE(registry->put(row));  // nor with another key
        row.key.id = "agent-bot-1";
    }
    CHECK(registry->find("bot")->state == AgentState::revoked);
    row.state = AgentState::retired;
    REQUIRE(registry->put(row));
    row.state = AgentState::active;
    CHECK_FALSE(registry->put(row));
    // A retired name may be declared again, with another key.
    row.key.id = "agent-bot-2";
    REQUIRE(registry->put(row));
    CHECK(registry->find("bot")->key.id == "agent-bot-2");
}

TEST_CASE("registry: policy sets are there after a restart, and none goes back",
          "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        REQUIRE(registry->put_policies(
            {{"a", {"a", 2, "text", "signature"}}, {"b", {"b", 9'007'199'254'740'991, "", ""}}}));
        // One that goes back, and none of them is written.
        const auto refused =
            registry->put_policies({{"a", {"a", 3, "new", ""}}, {"b", {"b", 1, "old", ""}}});
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "policy_older");
        CHECK(registry->policies().at("a").version == 2);
    }
    const auto registry = Registry::open(path);
    REQUIRE(registry);
    REQUIRE(registry->policies().size() == 2);
    CHECK(registry->policies().at("a").version == 2);
    CHECK(registry->policies().at("a").text == "text");
    CHECK(registry->policies().at("a").signature == "signature");
    CHECK(registry->policies().at("b").version == 9'007'199'254'740'991);
}

TEST_CASE("registry: what is declared is there as a whole, or not at all", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        const daemon::PolicyRows older = {{"a", {"a", 1, "old", ""}}};
        REQUIRE(registry->put_declared({sample_row("bot")}, {{"a", {"a", 2, "text", ""}}}));
        CHECK_FALSE(registry->put_declared({sample_row("second")}, older));
        CHECK(registry->find("second") == nullptr);
        AgentRow ended = sample_row("third");
        ended.state = AgentState::revoked;
        REQUIRE(registry->put(ended));
        CHECK_FALSE(registry->put_declared({sample_row("second"), sample_row("third")}, {}));
        CHECK(registry->find("second") == nullptr);
    }
    const auto registry = Registry::open(path);
    REQUIRE(registry);
    CHECK(registry->rows().size() == 2);
    CHECK(registry->find("bot") != nullptr);
    CHECK(registry->find("third")->state == AgentState::revoked);
    CHECK(registry->policies().at("a").version == 2);
}

TEST_CASE("registry: a row that cannot be written is not seen either", "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    REQUIRE(Registry::open(path));
    run_sql(path,
            "CREATE TRIGGER no BEFORE INSERT ON agent BEGIN SELECT RAISE(ABORT, 'disk'); END");
    {
        auto registry = Registry::open(path);
        REQUIRE(registry);
        CHECK_FALSE(registry->put(sample_row("bot")));
        CHECK(registry->find("bot") == nullptr);
    }
    run_sql(path, "DROP TRIGGER no");
    const auto registry = Registry::open(path);
    REQUIRE(registry);
    CHECK(registry->rows().empty());
}

TEST_CASE("registry: anything but an intact registry is refused with its path",
          "[daemon][registry]") {
    const tests::TemporaryDirectory place;
    const std::string path = place.file("registry.db");
    SECTION("not SQLite") {
        std::ofstream(path) << std::string(4096, 'x');
    }
    SECTION("another program's database") {
        run_sql(path, "CREATE TABLE theirs (a)");
    }
    SECTION("a newer schema") {
        REQUIRE(Registry::open(path));
        run_sql(path, "UPDATE schema SET version = 5");
    }
    SECTION("a state that does not exist") {
        {
            auto registry = Registry::open(path);
            REQUIRE(registry);
            REQUIRE(registry->put(sample_row("bot")));
        }
        run_sql(path, "UPDATE agent SET state = 9");
    }
    SECTION("a policy set of no version") {
        REQUIRE(Registry::open(path));
        run_sql(path, "INSERT INTO policy_set VALUES ('a', 0, '', '')");
    }
    SECTION("damaged pages") {
        {
            auto registry = Registry::open(path);
            REQUIRE(registry);
            for (int i = 0; i < 200; ++i)
                REQUIRE(registry->put(sample_row("bot-" + std::to_string(i))));
        }
        std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
        file.seekp(4096 * 3);
        file << std::string(4096 * 4, 'x');
    }
    const auto registry = Registry::open(path);
    REQUIRE_FALSE(registry);
    CHECK(registry.error().code() == Code::invalid);
    CHECK_THAT(registry.error().text(), Catch::Matchers::Contains(path));
}
