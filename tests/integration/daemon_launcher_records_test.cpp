// AgentRecords: one uid for each agent, for good.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <set>

#include "daemon/launcher/agent_records.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::AgentRecord;
using daemon::AgentRecords;
using daemon::parse_agent_record;
using daemon::UidRange;
using tests::TemporaryDirectory;

namespace {

constexpr UidRange range{70000, 4};

struct Folder : TemporaryDirectory {
    std::string path = file("launcher");

    AgentRecords records(UidRange of = range) const {
        auto opened = AgentRecords::open(path, of);
        REQUIRE(opened);
        return *std::move(opened);
    }
    std::string text(const std::string& agent) const {
        std::ifstream stream(path + "/" + agent);
        return {std::istreambuf_iterator<char>(stream), {}};
    }
    void write(const std::string& agent, const std::string& content) const {
        std::ofstream(path + "/" + agent) << content;
    }
};

uid_t uid_of(const AgentRecords& records, const std::string& agent) {
    const auto record = records.of(agent);
    INFO((record ? "" : record.error().text()));
    REQUIRE(record);
    return record->uid;
}

}  // namespace

TEST_CASE("agent records: the lowest uid that no agent has, for good", "[daemon][launcher]") {
    const Folder folder;
    {
        const auto records = folder.records();
        CHECK(uid_of(records, "a") == 70000);
        CHECK(uid_of(records, "b") == 70001);
        CHECK(uid_of(records, "a") == 70000);
        CHECK(records.of("a")->version == 0);
    }
    const auto records = folder.records();
    CHECK(uid_of(records, "c") == 70002);
    CHECK(uid_of(records, "b") == 70001);
}

TEST_CASE("agent records: the last uid of the range is given, one past it is not",
          "[daemon][launcher]") {
    const Folder folder;
    const auto records = folder.records();
    for (const char* agent : {"a", "b", "c", "d"})
        (void)uid_of(records, agent);
    CHECK(uid_of(records, "d") == 70003);
    const auto refused = records.of("e");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::unavailable);
    CHECK(refused.error().reason() == "uids_used_up");
    CHECK(::access((folder.path + "/e").c_str(), F_OK) != 0);
    // Who has one keeps it.
    CHECK(uid_of(records, "a") == 70000);
}

TEST_CASE("agent records: a range that was moved gives nobody another uid", "[daemon][launcher]") {
    const Folder folder;
    (void)uid_of(folder.records(), "a");
    (void)uid_of(folder.records(), "b");
    for (const UidRange moved : {UidRange{70001, 4}, UidRange{80000, 4}, UidRange{69990, 10}}) {
        const auto refused = folder.records(moved).of("a");
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "uid_outside_range");
    }
    CHECK(uid_of(folder.records({70001, 1}), "b") == 70001);
    // What an agent had is nobody else's, wherever the range begins.
    CHECK(uid_of(folder.records({69999, 4}), "c") == 69999);
    CHECK(uid_of(folder.records({69999, 4}), "d") == 70002);
}

TEST_CASE("agent records: what was put is there after a restart", "[daemon][launcher]") {
    const Folder folder;
    REQUIRE(folder.records().put("a", {70003, 12}));
    CHECK(folder.text("a") == "uid 70003\nversion 12\n");
    const auto record = folder.records().of("a");
    REQUIRE(record);
    CHECK(record->uid == 70003);
    CHECK(record->version == 12);
    CHECK(::access((folder.path + "/.partial").c_str(), F_OK) != 0);
}

TEST_CASE("agent records: one that is broken keeps its agent and every new one from starting",
          "[daemon][launcher]") {
    const Folder folder;
    const auto records = folder.records();
    (void)uid_of(records, "a");
    (void)uid_of(records, "b");
    for (const char* broken : {"", "uid 70000\n", "uid 70000\nversion 1\nx", "70000\n"}) {
        folder.write("a", broken);
        CHECK_FALSE(records.of("a"));
        CHECK_FALSE(records.of("c"));
        CHECK(uid_of(records, "b") == 70001);
    }
    CHECK(folder.text("a") == "70000\n");  // and is left for an operator to look at
}

TEST_CASE("agent records: what a crash left half written stops nobody", "[daemon][launcher]") {
    const Folder folder;
    const auto records = folder.records();
    folder.write(".partial", "uid 7");
    CHECK(uid_of(records, "a") == 70000);
}

TEST_CASE("agent records: an agent's name leads nowhere else", "[daemon][launcher]") {
    const Folder folder;
    const auto records = folder.records();
    for (const char* wrong : {"", ".", "..", "../a", "a/b", ".partial", "A"}) {
        INFO(wrong);
        CHECK_FALSE(records.of(wrong));
    }
    REQUIRE(::symlink("/etc/passwd", (folder.path + "/a").c_str()) == 0);
    CHECK_FALSE(records.of("a"));
}

TEST_CASE("agent records: folder and files are their owner's alone", "[daemon][launcher]") {
    const Folder folder;
    (void)uid_of(folder.records(), "a");
    struct stat facts{};
    REQUIRE(::stat(folder.path.c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0700);
    REQUIRE(::stat((folder.path + "/a").c_str(), &facts) == 0);
    CHECK((facts.st_mode & 07777U) == 0600);

    for (const mode_t mode : {0750U, 0710U, 0701U, 0777U}) {
        REQUIRE(::chmod(folder.path.c_str(), mode) == 0);
        CHECK(AgentRecords::open(folder.path, range).error().code() == Code::denied);
    }
    REQUIRE(::chmod(folder.path.c_str(), 0700) == 0);
    CHECK(AgentRecords::open(folder.path, range));
    const std::string link = folder.file("link");
    REQUIRE(::symlink(folder.path.c_str(), link.c_str()) == 0);
    CHECK_FALSE(AgentRecords::open(link, range));
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to give a folder away");
    REQUIRE(::chown(folder.path.c_str(), 20001, 20001) == 0);
    CHECK(AgentRecords::open(folder.path, range).error().code() == Code::denied);
}

TEST_CASE("agent records: a record has one form", "[daemon][launcher]") {
    const auto record = parse_agent_record("uid 4294967295\nversion 9223372036854775807\n");
    REQUIRE(record);
    CHECK(record->uid == 4294967295U);
    CHECK(record->version == 9223372036854775807);
    for (const char* wrong :
         {"", "uid \nversion 1\n", "uid 4294967296\nversion 1\n", "uid -1\nversion 1\n",
          "uid +1\nversion 1\n", "uid  1\nversion 1\n", "uid 1 \nversion 1\n",
          "uid 1\nversion -1\n", "uid 1\nversion 9223372036854775808\n", "uid 1\nversion 1",
          "uid 1\nversion 1\n\n", "version 1\nuid 1\n", "uid 0x1\nversion 1\n"}) {
        INFO(wrong);
        CHECK_FALSE(parse_agent_record(wrong));
    }
}
