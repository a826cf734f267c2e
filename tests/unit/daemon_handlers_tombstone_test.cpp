// What is left of an agent that has ended: a statement of the host's CA, for those who ask later.
#include "core/crypto/jwk.h"
#include "core/encode/jws.h"
#include "core/encode/tombstone.h"
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;
using encode::FuseWord;

namespace {

struct GraveWorld : HandlerWorld {
    GraveWorld() { declare(bot); }
    Result<daemon::Answer> ask() { return as_operator(handlers::tombstone, bot); }
    encode::Tombstone read() {
        const auto answer = ask();
        REQUIRE(answer);
        CHECK(answer->content_type == "application/jose");
        const auto jws = encode::parse_jws(answer->body);
        REQUIRE(jws);
        CHECK(jws->header.typ == encode::tombstone_typ);
        CHECK(jws->header.kid == *crypto::jwk_thumbprint(some_spki()));
        CHECK(jws->header.x5c == std::vector<Bytes>{some_ca()});
        auto tombstone = encode::tombstone_from(jws->payload);
        REQUIRE(tombstone);
        return *std::move(tombstone);
    }
    std::string kept() const { return registry.note("tombstone deploy-bot").value_or(""); }
};

}  // namespace

TEST_CASE("tombstone: made when an agent is revoked, without anybody asking",
          "[daemon][tombstone]") {
    GraveWorld world;
    const auto index = world.ledger.records.size();
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot, R"({"reason":"stolen code"})"));
    world.run_ready();
    const std::string kept = world.kept();
    REQUIRE_FALSE(kept.empty());
    CHECK(world.ask()->body == kept);
    const auto tombstone = world.read();
    CHECK(tombstone.agent == "spiffe://host.test/agent/deploy-bot");
    CHECK(tombstone.state == "revoked");
    CHECK(tombstone.fuse == FuseWord::blown);
    CHECK(tombstone.by == "login:1000");
    CHECK(tombstone.reason == "stolen code");
    CHECK(tombstone.sequence == index);
    CHECK(tombstone.since == GraveWorld::start_time);
    CHECK(tombstone.spki == some_spki());
    CHECK(tombstone.key_thumbprint == *crypto::jwk_thumbprint(some_spki()));
}

TEST_CASE("tombstone: a key ends once, also where it is retired after it was revoked",
          "[daemon][tombstone]") {
    GraveWorld world;
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot));
    const auto first = world.read();
    world.time += 60;
    REQUIRE(world.as_operator(handlers::retire, GraveWorld::bot));
    const auto second = world.read();
    CHECK(second.state == "revoked");
    CHECK(second.sequence == first.sequence);
    CHECK(second.since == first.since);
}

TEST_CASE("tombstone: no agent that may come back has one", "[daemon][tombstone]") {
    GraveWorld world;
    CHECK(reason_of(world.ask()) == "no_tombstone");
    REQUIRE(world.as_operator(handlers::suspend, GraveWorld::bot));
    CHECK(reason_of(world.ask()) == "no_tombstone");
    CHECK(reason_of(world.as_operator(handlers::tombstone, "nobody")) == "unknown_agent");
    CHECK(reason_of(world.as_operator(handlers::tombstone, GraveWorld::bot, "{\"x\":1}")) ==
          "malformed_request");
}

TEST_CASE("tombstone: a fuse that the chip has not blown yet is said to be pending",
          "[daemon][tombstone]") {
    GraveWorld world;
    world.keys.fuse_refuses = Error(Code::unavailable, "NV is busy");
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot));
    CHECK(world.read().fuse == FuseWord::pending);
    world.keys.fuse_refuses.reset();
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    world.run_ready();
    const std::string kept = world.kept();
    CHECK(world.read().fuse == FuseWord::blown);
    CHECK(world.ask()->body == kept);
}

TEST_CASE("tombstone: a chip without room for the key's own fuse is said", "[daemon][tombstone]") {
    GraveWorld world;
    auto row = *world.registry.find(GraveWorld::bot);
    row.key.agent_fuse.kind = FuseKind::host;
    REQUIRE(world.registry.put(row));
    world.keys.fuse_refuses = Error(Code::conflict, "no room").because("fuse_host_only");
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot));
    CHECK(world.read().fuse == FuseWord::host_only);
}

TEST_CASE("tombstone: without a record it names there is none yet", "[daemon][tombstone]") {
    GraveWorld world;
    world.ledger.disk_full = true;
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot));
    CHECK(reason_of(world.ask()) == "unsettled");
    world.ledger.disk_full = false;
    REQUIRE(run_async(world.loop, handlers::settle(world.services)));
    CHECK(world.read().sequence + 1 == world.ledger.records.size());
}

TEST_CASE("tombstone: kept for when the CA has ended, and made again where it was lost",
          "[daemon][tombstone]") {
    GraveWorld world;
    REQUIRE(world.as_operator(handlers::revoke, GraveWorld::bot));
    world.run_ready();
    REQUIRE(world.registry.set_note("tombstone deploy-bot", "torn"));
    CHECK(world.read().state == "revoked");
    const auto signatures = world.keys.count("sign");
    (void)world.read();
    CHECK(world.keys.count("sign") == signatures);
    world.keys.host_fuse_blown = true;
    CHECK(world.read().state == "revoked");
    world.declare("other-bot");
    REQUIRE(world.as_operator(handlers::revoke, "other-bot"));
    CHECK(reason_of(world.as_operator(handlers::tombstone, "other-bot")) == "no_ca");
}

TEST_CASE("tombstone: the next key of a name is not given the last one's", "[daemon][tombstone]") {
    GraveWorld world;
    REQUIRE(world.as_operator(handlers::retire, GraveWorld::bot));
    world.run_ready();
    REQUIRE_FALSE(world.kept().empty());
    world.declare(GraveWorld::bot);
    auto row = *world.registry.find(GraveWorld::bot);
    row.key.spki = SoftwareKey().spki();
    REQUIRE(world.registry.put(row));
    world.keys.host_fuse_blown = true;
    REQUIRE(world.as_operator(handlers::retire, GraveWorld::bot));
    CHECK(reason_of(world.ask()) == "no_ca");
}

TEST_CASE("tombstone: it stays when the name has another key", "[daemon][tombstone]") {
    GraveWorld world;
    REQUIRE(world.as_operator(handlers::retire, GraveWorld::bot));
    world.run_ready();
    const std::string kept = world.kept();
    REQUIRE_FALSE(kept.empty());
    world.declare(GraveWorld::bot);
    CHECK(world.ask()->body == kept);
}
