#include "daemon/state/history.h"
#include "tests/support/catch.h"

using namespace holdfast;
using daemon::History;
using daemon::kept_after_end;
using encode::Json;

namespace {

constexpr std::int64_t now = 1'800'000'000;

ledger::Record credential(const std::string& serial, std::int64_t not_after,
                          std::int64_t time = now) {
    return {
        "credential",
        time,
        7,
        {{"agent", "bot"}, {"key", "agent-bot-1"}, {"serial", serial}, {"not_after", not_after}}};
}

ledger::Record containment(const std::string& state, std::uint64_t index) {
    return {"containment",
            now,
            index,
            {{"agent", "bot"}, {"key_id", "agent-bot-1"}, {"state", state}, {"by", "login:1"}}};
}

std::vector<std::string> serials(const History& history, std::int64_t at) {
    std::vector<std::string> all;
    for (const auto& issued : history.issued(at))
        all.push_back(issued.serial);
    return all;
}

}  // namespace

TEST_CASE("history: a credential counts until an hour after its end", "[daemon][history]") {
    History history;
    REQUIRE(history.take(credential("01", now + 100)));
    REQUIRE(history.take(credential("02", now + 50)));
    CHECK(serials(history, now) == std::vector<std::string>{"02", "01"});
    CHECK(serials(history, now + 50 + kept_after_end - 1).size() == 2);
    CHECK(serials(history, now + 50 + kept_after_end) == std::vector<std::string>{"01"});
    CHECK(history.issued(now).front().agent == "bot");
    CHECK(history.issued(now).front().key_id == "agent-bot-1");
    CHECK(history.issued(now).front().ends == now + 50);
}

TEST_CASE("history: what ended long ago is forgotten when another is issued", "[daemon][history]") {
    History history;
    REQUIRE(history.take(credential("01", now)));
    REQUIRE(history.take(credential("02", now + 9000, now + kept_after_end - 1)));
    CHECK(serials(history, now).size() == 2);
    REQUIRE(history.take(credential("03", now + 9000, now + kept_after_end)));
    CHECK(serials(history, now) == std::vector<std::string>{"02", "03"});
}

TEST_CASE("history: the last stop of a key is known, with its place in the ledger",
          "[daemon][history]") {
    History history;
    CHECK(history.stop_of("agent-bot-1") == nullptr);
    REQUIRE(history.take(containment("suspended", 8)));
    auto revoked = containment("revoked", 9);
    revoked.members["reason"] = "seen elsewhere";
    REQUIRE(history.take(revoked));
    const auto* stop = history.stop_of("agent-bot-1");
    REQUIRE(stop != nullptr);
    CHECK(stop->sequence == 9);
    CHECK(stop->state == "revoked");
    CHECK(stop->by == "login:1");
    CHECK(stop->reason == "seen elsewhere");
    CHECK(stop->time == now);
    CHECK(history.stop_of("agent-bot-2") == nullptr);
}

TEST_CASE("history: a key ends once, whatever becomes of its name later", "[daemon][history]") {
    History history;
    REQUIRE(history.take(containment("revoked", 9)));
    REQUIRE(history.take(containment("retired", 12)));
    CHECK(history.stop_of("agent-bot-1")->state == "revoked");
    CHECK(history.stop_of("agent-bot-1")->sequence == 9);
    REQUIRE(history.take(containment("suspended", 13)));
    CHECK(history.stop_of("agent-bot-1")->has_ended());
}

TEST_CASE("history: an instance's stop, or the host's, is none of the agent's key",
          "[daemon][history]") {
    History history;
    auto of_instance = containment("active", 8);
    of_instance.members["instance"] = "i-1";
    REQUIRE(history.take(of_instance));
    REQUIRE(history.take(
        {"containment", now, 9, {{"scope", "host"}, {"state", "suspended"}, {"by", "login:1"}}}));
    CHECK(history.stop_of("agent-bot-1") == nullptr);
}

TEST_CASE("history: where an agent was declared last", "[daemon][history]") {
    History history;
    CHECK_FALSE(history.declared("bot"));
    REQUIRE(history.take({"agent", now, 3, {{"agent", "bot"}}}));
    REQUIRE(history.take({"agent", now, 12, {{"agent", "bot"}}}));
    REQUIRE(history.take({"agent", now, 13, {{"agent", "other"}}}));
    CHECK(history.declared("bot") == 12);
}

TEST_CASE("history: a record that nothing of ours wrote is an error", "[daemon][history]") {
    for (const char* missing : {"agent", "key", "serial", "not_after"}) {
        INFO(missing);
        History history;
        auto record = credential("01", now + 100);
        record.members.erase(missing);
        CHECK_FALSE(history.take(record));
        record.members[missing] = true;
        CHECK_FALSE(history.take(record));
        CHECK(history.issued(now).empty());
    }
    History history;
    for (const char* missing : {"state", "by"}) {
        auto record = containment("revoked", 8);
        record.members.erase(missing);
        CHECK_FALSE(history.take(record));
    }
    CHECK_FALSE(history.take({"agent", now, 3, {}}));
    CHECK(history.take({"action", now, 4, {}}));
}
