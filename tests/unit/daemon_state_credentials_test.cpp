#include "daemon/link/bell.h"
#include "daemon/state/credentials.h"
#include "tests/support/catch.h"
#include "tests/support/fake_issuer.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::CredentialRequest;
using daemon::Credentials;
using daemon::IssuedCredential;

namespace {

constexpr std::int64_t lifetime = 3600;

KeyDescription key_with_id(const std::string& id) {
    KeyDescription key;
    key.id = id;
    return key;
}

struct Bench {
    boost::asio::io_context loop;
    tests::FakeIssuer issuer;
    tests::FakeLedger ledger;
    Credentials credentials{issuer, ledger, [this] { return issuer.now; }};
    KeyDescription key = key_with_id("agent-bot-1");

    CredentialRequest request(std::uint8_t code = 1) const {
        Measurement measurement;
        measurement.digest[0] = code;
        return CredentialRequest{"bot", &key, "instance-1", measurement, lifetime};
    }
    Result<IssuedCredential> current(std::uint8_t code = 1) {
        return tests::run_async(loop, credentials.current(request(code)));
    }
};

// Answers only when told to, so that several callers come while one issue is under way.
class SlowIssuer final : public daemon::Issuer {
  public:
    explicit SlowIssuer(boost::asio::io_context& loop) : gate(loop.get_executor()) {}
    daemon::Async<IssuedCredential> issue(CredentialRequest request) override {
        ++issues;
        co_await gate.rung();
        IssuedCredential credential;
        credential.spiffe_id = request.agent;
        credential.not_after = lifetime;
        credential.renew_after = lifetime / 2;
        if (fails) co_return Error(Code::unavailable, "worker gone");
        co_return credential;
    }
    daemon::Bell gate;
    int issues = 0;
    bool fails = false;
};

}  // namespace

TEST_CASE("credentials: issued once, then the same until half its life is over",
          "[daemon][state]") {
    Bench bench;
    const auto first = bench.current();
    REQUIRE(first);
    bench.issuer.now += lifetime / 2 - 1;
    const auto second = bench.current();
    REQUIRE(second);
    CHECK(second->serial == first->serial);
    CHECK(bench.issuer.issued == 1);
    bench.issuer.now += 1;
    const auto third = bench.current();
    REQUIRE(third);
    CHECK(third->serial != first->serial);
    CHECK(bench.issuer.issued == 2);
}

TEST_CASE("credentials: every issue is a record, and no record means no credential",
          "[daemon][state]") {
    Bench bench;
    REQUIRE(bench.current());
    REQUIRE(bench.ledger.count("credential") == 1);
    const auto& members = bench.ledger.records[0].members;
    CHECK(members.at("agent") == encode::Json("bot"));
    CHECK(members.at("key") == encode::Json("agent-bot-1"));
    CHECK(members.at("serial") == encode::Json("001"));

    bench.ledger.disk_full = true;
    bench.issuer.now += lifetime;
    const auto refused = bench.current();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "ledger_failed");
    bench.ledger.disk_full = false;
    REQUIRE(bench.current());
    CHECK(bench.issuer.issued == 2);  // what could not be recorded was not made either
}

TEST_CASE("credentials: other code, another key or a forgotten agent gets a new one",
          "[daemon][state]") {
    Bench bench;
    REQUIRE(bench.current(1));
    REQUIRE(bench.current(2));
    CHECK(bench.issuer.issued == 2);
    bench.key = key_with_id("agent-bot-2");
    REQUIRE(bench.current(1));
    CHECK(bench.issuer.issued == 3);
    bench.credentials.forget("bot");
    REQUIRE(bench.current(1));
    CHECK(bench.issuer.issued == 4);
    bench.credentials.forget("another");
    REQUIRE(bench.current(1));
    CHECK(bench.issuer.issued == 4);
}

TEST_CASE("credentials: an agent that keeps changing pushes out its own oldest",
          "[daemon][state]") {
    Bench bench;
    for (std::uint8_t code = 0; code <= daemon::max_credentials_per_agent; ++code) {
        REQUIRE(bench.current(code));
        bench.issuer.now += 1;
    }
    const int issued = bench.issuer.issued;
    REQUIRE(bench.current(1));  // still there
    CHECK(bench.issuer.issued == issued);
    REQUIRE(bench.current(0));  // the oldest is not
    CHECK(bench.issuer.issued == issued + 1);
}

TEST_CASE("credentials: past half life the old one serves while the issuer is away, no longer",
          "[daemon][state]") {
    Bench bench;
    const auto first = bench.current();
    REQUIRE(first);
    bench.issuer.now += lifetime - 1;
    bench.issuer.refuses = Error(Code::unavailable, "worker gone");
    const auto old = bench.current();
    REQUIRE(old);
    CHECK(old->serial == first->serial);
    bench.issuer.refuses = Error(Code::denied, "fuse blown");
    CHECK_FALSE(bench.current());
    bench.issuer.refuses = Error(Code::unavailable, "worker gone");
    bench.issuer.now += 1;
    CHECK_FALSE(bench.current());
}

TEST_CASE("credentials: callers that come together share one issue, also its failure",
          "[daemon][state]") {
    boost::asio::io_context loop;
    SlowIssuer issuer(loop);
    tests::FakeLedger ledger;
    Credentials credentials(issuer, ledger, [] { return std::int64_t{0}; });
    issuer.fails = GENERATE(false, true);
    const KeyDescription key = key_with_id("agent-bot-1");
    const CredentialRequest request{"bot", &key, "instance-1", {}, lifetime};
    std::vector<tests::Pending<IssuedCredential>> callers;
    for (int i = 0; i < 5; ++i)
        callers.push_back(tests::start_async(loop, credentials.current(request)));
    loop.poll();
    CHECK(issuer.issues == 1);
    issuer.gate.ring();
    loop.run();
    for (const auto& caller : callers) {
        REQUIRE(caller->has_value());
        CHECK((*caller)->has_value() == !issuer.fails);
    }
    CHECK(issuer.issues == 1);
    CHECK(ledger.count("credential") == (issuer.fails ? 0 : 1));
}

TEST_CASE("credentials: one issued while the agent was forgotten is not kept", "[daemon][state]") {
    boost::asio::io_context loop;
    SlowIssuer issuer(loop);
    tests::FakeLedger ledger;
    Credentials credentials(issuer, ledger, [] { return std::int64_t{0}; });
    const KeyDescription key = key_with_id("agent-bot-1");
    const CredentialRequest request{"bot", &key, "instance-1", {}, lifetime};
    const auto first = tests::start_async(loop, credentials.current(request));
    loop.poll();
    credentials.forget("bot");
    issuer.gate.ring();
    loop.run();
    REQUIRE(first->has_value());
    loop.restart();
    const auto second = tests::start_async(loop, credentials.current(request));
    loop.poll();
    CHECK(issuer.issues == 2);
    issuer.gate.ring();
    loop.run();
    CHECK(second->has_value());
}

TEST_CASE("credentials: no agent has more good ones than the revocation list bears",
          "[daemon][credentials][crl]") {
    Bench bench;
    for (std::size_t i = 0; i < daemon::max_live_credentials; ++i)
        REQUIRE(bench.current(static_cast<std::uint8_t>(i)));
    const auto one_more = bench.current(200);
    REQUIRE_FALSE(one_more);
    CHECK(one_more.error().reason() == "too_many_credentials");
    CHECK(bench.issuer.issued == static_cast<int>(daemon::max_live_credentials));
    // The current one is given again, and there is room when the first have ended.
    CHECK(bench.current(static_cast<std::uint8_t>(daemon::max_live_credentials - 1)));
    bench.issuer.now += lifetime - 1;
    CHECK_FALSE(bench.current(200));
    // An operator who stops it and lets it go on does not use up its room.
    bench.credentials.forget("bot");
    CHECK(bench.current(201));
    for (std::size_t i = 1; i < daemon::max_live_credentials; ++i)
        REQUIRE(bench.current(static_cast<std::uint8_t>(i)));
    CHECK_FALSE(bench.current(200));
    bench.issuer.now += lifetime - 1;
    CHECK_FALSE(bench.current(200));
    bench.issuer.now += 1;
    CHECK(bench.current(200));
}
