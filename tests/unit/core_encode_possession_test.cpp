#include "core/encode/base64.h"
#include "core/encode/possession.h"
#include "holdfast/evidence.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

Possession sample() {
    Possession possession{.agent = "spiffe://h.example/agent/bot",
                          .ak = Sha256{},
                          .challenge = {},
                          .custody = Custody::software_hsm,
                          .verifier = "bank.example"};
    possession.ak->fill(0xa1);
    possession.challenge.fill(0xc4);
    return possession;
}

bool reads(const char* member, Json value) {
    Json::Object members = *to_json(sample()).object();
    members[member] = value;
    if (value.is_null()) members.erase(member);
    return possession_from(Json(members)).has_value();
}

}  // namespace

TEST_CASE("possession: has the text that the documentation gives", "[core][encode]") {
    const std::string a1 = hex(Bytes(32, 0xa1));
    const std::string c4 = hex(Bytes(32, 0xc4));
    CHECK(canonical(to_json(sample())) ==
          R"({"agent":"spiffe://h.example/agent/bot","ak":")" + a1 + R"(","challenge":")" + c4 +
              R"(","custody":"software-hsm","verifier":"bank.example"})");
    Possession without = sample();
    without.ak.reset();
    CHECK(canonical(to_json(without)) ==
          R"({"agent":"spiffe://h.example/agent/bot","ak":"none","challenge":")" + c4 +
              R"(","custody":"software-hsm","verifier":"bank.example"})");
}

TEST_CASE("possession: what is written is read back, with an AK and without", "[core][encode]") {
    const auto with = possession_from(to_json(sample()));
    REQUIRE(with);
    CHECK(with->agent == sample().agent);
    CHECK(with->ak == sample().ak);
    CHECK(with->challenge == sample().challenge);
    CHECK(with->custody == sample().custody);
    CHECK(with->verifier == sample().verifier);
    Possession none = sample();
    none.ak.reset();
    const auto without = possession_from(to_json(none));
    REQUIRE(without);
    CHECK_FALSE(without->ak);
}

TEST_CASE("possession: exactly its five members, each in its one form", "[core][encode]") {
    for (const char* member : {"agent", "ak", "challenge", "custody", "verifier"}) {
        INFO(member);
        CHECK_FALSE(reads(member, Json()));
        CHECK_FALSE(reads(member, Json(std::int64_t{1})));
    }
    CHECK_FALSE(reads("more", Json("x")));
    CHECK_FALSE(reads("agent", Json("bot")));
    CHECK_FALSE(reads("ak", Json("")));
    CHECK_FALSE(reads("ak", Json("None")));
    CHECK_FALSE(reads("ak", Json(hex(Bytes(31, 1)))));
    CHECK_FALSE(reads("ak", Json(std::string(64, 'A'))));
    CHECK_FALSE(reads("challenge", Json("none")));
    CHECK_FALSE(reads("challenge", Json(hex(Bytes(33, 1)))));
    CHECK(reads("custody", Json("hsm")));
    CHECK_FALSE(reads("custody", Json("HSM")));
    CHECK_FALSE(reads("custody", Json("")));
    CHECK(reads("verifier", Json(std::string(max_verifier_id, 'v'))));
    CHECK_FALSE(reads("verifier", Json(std::string(max_verifier_id + 1, 'v'))));
    CHECK_FALSE(possession_from(Json(Json::Array{})));
}
