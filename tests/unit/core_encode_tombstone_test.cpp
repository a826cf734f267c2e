#include "core/encode/tombstone.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

Tombstone sample() {
    return {.agent = "spiffe://h1.example.org/agent/bot",
            .state = "revoked",
            .spki = {1, 2, 3},
            .key_thumbprint = "abc",
            .fuse = FuseWord::blown,
            .by = "login:1000",
            .reason = "seen on a paste site",
            .sequence = 41,
            .since = 1'800'000'000,
            .time = 1'800'000'001};
}

Json with(const char* name, Json value) {
    const Json whole = to_json(sample());
    Json::Object members = *whole.object();
    members[name] = std::move(value);
    return {std::move(members)};
}

}  // namespace

TEST_CASE("tombstone: what is written is read", "[core][encode][tombstone]") {
    for (const FuseWord fuse : {FuseWord::blown, FuseWord::host_only, FuseWord::pending}) {
        Tombstone tombstone = sample();
        tombstone.fuse = fuse;
        const auto read = tombstone_from(to_json(tombstone));
        REQUIRE(read);
        CHECK(canonical(to_json(*read)) == canonical(to_json(tombstone)));
        CHECK(read->fuse == fuse);
        CHECK(read->spki == tombstone.spki);
        CHECK(read->sequence == 41);
    }
}

TEST_CASE("tombstone: a member that is missing, unknown or of another kind is refused",
          "[core][encode][tombstone]") {
    const Json whole = to_json(sample());
    for (const auto& [name, value] : *whole.object()) {
        INFO(name);
        Json::Object members = *whole.object();
        members.erase(name);
        CHECK_FALSE(tombstone_from(Json(members)));
        CHECK_FALSE(tombstone_from(with(name.c_str(), Json(true))));
    }
    CHECK_FALSE(tombstone_from(with("more", "x")));
    CHECK_FALSE(tombstone_from(Json("revoked")));
}

TEST_CASE("tombstone: only ends are its states, and an agent's SPIFFE ID its subject",
          "[core][encode][tombstone]") {
    CHECK(tombstone_from(with("state", "retired")));
    for (const char* state : {"", "suspended", "active", "Revoked"})
        CHECK_FALSE(tombstone_from(with("state", state)));
    for (const char* fuse : {"", "intact", "done", "BLOWN"})
        CHECK_FALSE(tombstone_from(with("fuse", fuse)));
    for (const char* agent :
         {"", "bot", "spiffe://h1.example.org", "https://h1.example.org/agent/b"})
        CHECK_FALSE(tombstone_from(with("agent", agent)));
}

TEST_CASE("tombstone: each text has its longest", "[core][encode][tombstone]") {
    CHECK(tombstone_from(with("reason", std::string(max_tombstone_reason, 'x'))));
    CHECK_FALSE(tombstone_from(with("reason", std::string(max_tombstone_reason + 1, 'x'))));
    CHECK(tombstone_from(with("by", std::string(max_tombstone_by, 'x'))));
    CHECK_FALSE(tombstone_from(with("by", std::string(max_tombstone_by + 1, 'x'))));
    CHECK_FALSE(tombstone_from(with("sequence", std::int64_t{-1})));
    CHECK_FALSE(tombstone_from(with("since", std::int64_t{-1})));
}
