// What stops and reinstatements do to the revocation list.
#include <algorithm>

#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using crypto::RevocationReason;
using daemon::AgentState;

namespace {

constexpr const char* action =
    R"({"action":"refund.create","audience":"https://payments.example"})";

struct CrlWorld : HandlerWorld {
    CrlWorld() { declare(bot); }
    void issue() { REQUIRE(as_agent(handlers::credential, "{}")); }
    std::vector<crypto::RevokedCertificate> listed() {
        const auto answer = as_operator(handlers::crl, "");
        REQUIRE(answer);
        CHECK(answer->content_type == "application/pkix-crl");
        const auto facts = crypto::check_crl_tbs(last_list());
        REQUIRE(facts);
        return facts->revoked;
    }
    // CertificateList → TBSCertList, both with a length of one or two bytes more.
    Bytes last_list() {
        const auto der = run_async(loop, crl.current());
        REQUIRE(der);
        const auto past_head = [&](std::size_t at) {
            const std::uint8_t length = der->at(at + 1);
            return at + 2 + (length < 0x80 ? 0U : length & 0x7fU);
        };
        const std::size_t begin = past_head(0);
        const std::size_t inner = past_head(begin);
        std::size_t size = der->at(begin + 1);
        if (size >= 0x80) {
            size = 0;
            for (std::size_t at = begin + 2; at < inner; ++at)
                size = size * 256 + der->at(at);
        }
        return {der->begin() + static_cast<std::ptrdiff_t>(begin),
                der->begin() + static_cast<std::ptrdiff_t>(inner + size)};
    }
    std::string stage(const Result<daemon::Answer>& answer) const {
        return text_at(json_of(answer), {"stages", "crl"});
    }
};

}  // namespace

TEST_CASE("crl: a suspended agent's credentials are held, until it is reinstated",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    CHECK(world.listed().empty());
    world.time += 5;
    CHECK(world.stage(world.as_operator(handlers::suspend, CrlWorld::bot)) == "done");
    world.time += 5;
    const auto held = world.listed();
    REQUIRE(held.size() == 1);
    CHECK(held[0].reason == RevocationReason::certificate_hold);
    CHECK(held[0].since == CrlWorld::start_time + 5);
    const auto back = world.as_operator(handlers::reinstate, CrlWorld::bot, "", "login:2");
    CHECK(world.stage(back) == "done");
    CHECK(world.listed().empty());
}

TEST_CASE("crl: a revoked agent's privilege is withdrawn, a retired one's operation has ceased",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    CHECK(world.stage(world.as_operator(handlers::revoke, CrlWorld::bot)) == "done");
    auto listed = world.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::privilege_withdrawn);
    const auto since = listed[0].since;
    world.time += 60;
    // It has ended before.
    CHECK(world.stage(world.as_operator(handlers::retire, CrlWorld::bot)) == "done");
    listed = world.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::privilege_withdrawn);
    CHECK(listed[0].since == since);
    CrlWorld other;
    other.issue();
    CHECK(other.stage(other.as_operator(handlers::retire, CrlWorld::bot)) == "done");
    listed = other.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::cessation_of_operation);
}

TEST_CASE("crl: a registry of before frees nobody whom the ledger knows to have ended",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    // What the registry does not know any more.
    REQUIRE(world.history.take({"containment",
                                CrlWorld::start_time,
                                9,
                                {{"agent", CrlWorld::bot},
                                 {"key_id", world.registry.find(CrlWorld::bot)->key.id},
                                 {"state", "revoked"},
                                 {"by", "login:1"}}}));
    const auto listed = world.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::privilege_withdrawn);
}

TEST_CASE("crl: reinstating a scope tells of all its agents at once", "[daemon][contain][crl]") {
    CrlWorld world;
    world.declare("other-bot");
    world.issue();
    const std::string scope = R"("sponsor":"finance@example.org"})";
    REQUIRE(world.as_operator(handlers::contain, "", R"({"verb":"suspend",)" + scope));
    const auto lists = world.keys.count("sign");
    const auto back =
        world.as_operator(handlers::contain, "", R"({"verb":"reinstate",)" + scope, "login:2");
    REQUIRE(back);
    CHECK(world.keys.count("sign") == lists + 1);
    CHECK(world.listed().empty());
}

TEST_CASE("crl: a new key of the same name frees no credential of the old one",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    REQUIRE(world.as_operator(handlers::retire, CrlWorld::bot));
    world.declare(CrlWorld::bot);
    CHECK(world.listed().size() == 1);
    world.issue();
    const auto listed = world.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::cessation_of_operation);
}

TEST_CASE("crl: a key that is no longer its agent's frees nobody, also if no record says it ended",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    world.declare(CrlWorld::bot);
    const auto listed = world.listed();
    REQUIRE(listed.size() == 1);
    CHECK(listed[0].reason == RevocationReason::cessation_of_operation);
}

TEST_CASE("crl: throttling needs no list, and makes none", "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    const auto signed_before = world.keys.count("sign");
    CHECK(world.stage(world.as_operator(handlers::throttle, CrlWorld::bot)) == "not_needed");
    CHECK(world.stage(world.as_operator(handlers::approval_only, CrlWorld::bot)) == "not_needed");
    CHECK(world.keys.count("sign") == signed_before);
    CHECK(world.listed().empty());
}

TEST_CASE("crl: a host that stands still holds every credential", "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    const auto stopped =
        world.as_operator(handlers::contain, "", R"({"verb":"suspend","host":true})");
    CHECK(world.stage(stopped) == "done");
    const auto held = world.listed();
    REQUIRE(held.size() == 1);
    CHECK(held[0].reason == RevocationReason::certificate_hold);
    const auto back =
        world.as_operator(handlers::contain, "", R"({"verb":"reinstate","host":true})", "login:2");
    CHECK(world.stage(back) == "done");
    CHECK(world.listed().empty());
}

TEST_CASE("crl: with the host fuse blown there is no list to come", "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    const auto stopped =
        world.as_operator(handlers::contain, "",
                          R"({"verb":"kill","host":true,"hardware":true,"confirm":"host.test"})");
    CHECK(world.stage(stopped) == "no_ca");
    CHECK(reason_of(world.as_operator(handlers::crl, "")) == "no_ca");
}

TEST_CASE("crl: a chip that is stuck is not waited for, and the list comes later",
          "[daemon][contain][crl]") {
    CrlWorld world;
    world.issue();
    CHECK(world.listed().empty());
    world.keys.hold();
    const auto answer = world.as_operator(handlers::suspend, CrlWorld::bot);
    REQUIRE(answer);
    CHECK(answer->status == 200);
    CHECK(world.stage(answer) == "pending");
    CHECK(world.containment.state_of(CrlWorld::bot) == AgentState::suspended);
    CHECK(world.crl.is_due());
    world.keys.let_go();
    world.run_ready();
    CHECK_FALSE(world.crl.is_due());
    CHECK(world.listed().size() == 1);
}

TEST_CASE("crl: who signs is on no list, and an agent that is stopped meanwhile is at once",
          "[daemon][contain][crl]") {
    CrlWorld world;
    REQUIRE(world.as_agent(handlers::sign_action, action));
    CHECK(world.listed().empty());
    world.containment.set(CrlWorld::bot, AgentState::suspended);
    CHECK(world.crl.is_due());
    CHECK(world.listed().size() == 1);
}

TEST_CASE("crl: a body has no place in the question", "[daemon][crl]") {
    CrlWorld world;
    CHECK(reason_of(world.as_operator(handlers::crl, "", R"({"x":1})")) == "malformed_request");
}
