#include "daemon/state/last_states.h"
#include "tests/support/catch.h"

using namespace holdfast;
using daemon::AgentState;
using daemon::LastStates;
using encode::Json;

namespace {

struct Ledger {
    LastStates last;
    Done take(const char* type, Json::Object members) {
        return last.take({type, 1'800'000'000, 7, std::move(members)});
    }
    Done contain(const std::string& state, const std::string& by = "login:1") {
        return take("containment",
                    {{"agent", "bot"}, {"key_id", "bot-1"}, {"state", state}, {"by", by}});
    }
    Done declare(const std::string& change) {
        return take(
            "agent",
            {{"agent", "bot"}, {"key_id", "bot-1"}, {"file_sha256", "aa"}, {"change", change}});
    }
    AgentState state() const {
        const auto* stop = last.of_key("bot-1");
        return stop == nullptr ? AgentState::active : stop->state;
    }
};

}  // namespace

TEST_CASE("last states: the newest containment of a key counts, and what has ended stays ended",
          "[daemon][history]") {
    Ledger ledger;
    CHECK(ledger.last.of_key("bot-1") == nullptr);
    REQUIRE(ledger.contain("suspended"));
    CHECK(ledger.state() == AgentState::suspended);
    REQUIRE(ledger.contain("active"));
    CHECK(ledger.state() == AgentState::active);
    REQUIRE(ledger.contain("revoked"));
    REQUIRE(ledger.contain("active"));
    CHECK(ledger.state() == AgentState::revoked);
    REQUIRE(ledger.contain("retired"));
    CHECK(ledger.state() == AgentState::retired);
}

TEST_CASE("last states: a file that is back lifts what its absence did, and nothing else",
          "[daemon][history]") {
    Ledger ledger;
    REQUIRE(ledger.contain("throttled"));
    REQUIRE(ledger.contain("suspended", daemon::by_vanished_file));
    REQUIRE(ledger.contain("suspended", daemon::by_vanished_file));
    REQUIRE(ledger.declare("changed"));
    CHECK(ledger.state() == AgentState::suspended);
    REQUIRE(ledger.declare("reappeared"));
    CHECK(ledger.state() == AgentState::throttled);
    REQUIRE(ledger.contain("suspended"));
    REQUIRE(ledger.declare("reappeared"));
    CHECK(ledger.state() == AgentState::suspended);
}

TEST_CASE("last states: an instance's stop is not its agent's, and the host's is nobody's key",
          "[daemon][history]") {
    Ledger ledger;
    REQUIRE(ledger.take("containment", {{"agent", "bot"},
                                        {"key_id", "bot-1"},
                                        {"instance", "aa"},
                                        {"state", "suspended"},
                                        {"by", "login:1"}}));
    CHECK(ledger.last.of_key("bot-1") == nullptr);
    REQUIRE(
        ledger.take("containment", {{"scope", "host"}, {"state", "suspended"}, {"by", "login:1"}}));
    CHECK(ledger.last.host().state == AgentState::suspended);
    CHECK(ledger.last.host().by == "login:1");
}

TEST_CASE("last states: of a set the last version and its text, of the operators their file",
          "[daemon][history]") {
    Ledger ledger;
    REQUIRE(ledger.take("policy", {{"set", "payments"}, {"version", 7}, {"file_sha256", "aa"}}));
    CHECK(ledger.last.policies().at("payments").version == 7);
    CHECK(ledger.last.policies().at("payments").text_sha256 == "aa");
    REQUIRE(ledger.take("policy", {{"set", "payments"}, {"version", 7}, {"change", "vanished"}}));
    CHECK(ledger.last.policies().at("payments").text_sha256 == "aa");
    CHECK(ledger.last.policies().at("payments").is_gone);
    CHECK(ledger.last.operators_sha256().empty());
    REQUIRE(ledger.take("operators", {{"file_sha256", "bb"}}));
    CHECK(ledger.last.operators_sha256() == "bb");
}

TEST_CASE("last states: what nothing of ours wrote is an error", "[daemon][history]") {
    Ledger ledger;
    CHECK_FALSE(ledger.contain("asleep"));
    CHECK_FALSE(ledger.take("containment", {{"key_id", "bot-1"}, {"state", "suspended"}}));
    CHECK_FALSE(ledger.take(
        "containment",
        {{"key_id", "bot-1"}, {"state", "throttled"}, {"by", "login:1"}, {"rate", "six"}}));
    CHECK_FALSE(ledger.take("policy", {{"set", "payments"}}));
    CHECK_FALSE(ledger.take("operators", {}));
    CHECK_FALSE(ledger.take("agent", {}));
}
