#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using attest::Challenge;
using attest::challenge_digest;
using attest::pack;
using attest::unpack;

namespace {

Challenge sample() {
    return {.nonce = Bytes(16, 1),
            .verifier = "v",
            .key_name = Bytes(34, 2),
            .credential = {Bytes{0x30, 0x00}},
            .ledger_head = {.size = 0x0102, .root = Sha256{}},
            .register_events = 0x0304};
}

// The layout of docs/verifying.md, written out.
Sha256 by_hand() {
    const std::string label = "holdfast-challenge-v2";
    Bytes all = {0, 0, 0, 21};
    const auto add = [&](ByteView bytes) { all.insert(all.end(), bytes.begin(), bytes.end()); };
    add(view_of(label));
    add(Bytes{0, 0, 0, 16});
    add(Bytes(16, 1));
    add(Bytes{0, 0, 0, 1, 'v'});
    add(Bytes{0, 0, 0, 34});
    add(Bytes(34, 2));
    add(Bytes{0, 0, 0, 32});
    add(crypto::sha256(Bytes{0x30, 0x00}));
    add(Bytes{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 1, 2});
    add(Bytes{0, 0, 0, 32});
    add(Sha256{});
    add(Bytes{0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 3, 4});
    return crypto::sha256(all);
}

// The packed evidence with one member put, replaced or (null) taken away.
std::string with(std::string_view packed, const char* label, const encode::Json& value) {
    encode::Json::Object object = *encode::parse_json(packed, attest::max_evidence)->object();
    object[label] = value;
    if (value.is_null()) object.erase(label);
    return encode::canonical(encode::Json(object));
}

}  // namespace

TEST_CASE("challenge: is the layout that the documentation gives", "[attest][evidence]") {
    CHECK(*challenge_digest(sample()) == by_hand());
}

TEST_CASE("challenge: every field counts", "[attest][evidence]") {
    const Sha256 whole = *challenge_digest(sample());
    const auto differs = [&](auto bend) {
        Challenge bent = sample();
        bend(bent);
        return *challenge_digest(bent) != whole;
    };
    CHECK(differs([](Challenge& c) { c.nonce.push_back(1); }));
    CHECK(differs([](Challenge& c) { c.verifier += "v"; }));
    CHECK(differs([](Challenge& c) { c.key_name.back() = 3; }));
    CHECK(differs([](Challenge& c) { c.credential.clear(); }));
    CHECK(differs([](Challenge& c) { c.credential[0].push_back(0); }));
    CHECK(differs([](Challenge& c) { ++c.ledger_head.size; }));
    CHECK(differs([](Challenge& c) { c.ledger_head.root[31] = 1; }));
    CHECK(differs([](Challenge& c) { ++c.register_events; }));
}

TEST_CASE("challenge: nonces of 16 to 64 bytes and ids of at most 255", "[attest][evidence]") {
    const auto holds = [](auto bend) {
        Challenge bent = sample();
        bend(bent);
        return challenge_digest(bent).has_value();
    };
    CHECK_FALSE(holds([](Challenge& c) { c.nonce.resize(15); }));
    CHECK(holds([](Challenge& c) { c.nonce.resize(64); }));
    CHECK_FALSE(holds([](Challenge& c) { c.nonce.resize(65); }));
    CHECK(holds([](Challenge& c) { c.verifier.assign(255, 'v'); }));
    CHECK_FALSE(holds([](Challenge& c) { c.verifier.assign(256, 'v'); }));
    CHECK_FALSE(holds([](Challenge& c) { c.key_name.clear(); }));
}

TEST_CASE("pack: what is packed comes back byte for byte", "[attest][evidence]") {
    const tests::SoftwareAttester host;
    const std::string packed = host.packed();
    const auto evidence = unpack(packed);
    REQUIRE(evidence);
    CHECK(pack(*evidence) == packed);
    const tests::SoftwareAttester without({.no_agent_fuse = true, .no_register = true});
    const std::string shorter = without.packed();
    CHECK(pack(*unpack(shorter)) == shorter);
    CHECK_FALSE(unpack(shorter)->tpm.event_register);
}

TEST_CASE("unpack: a log of 5 MiB fits into evidence, and no more", "[attest][evidence]") {
    Evidence evidence = tests::SoftwareAttester().evidence();
    evidence.tpm.event_register->log.assign(attest::max_cel_log, 'x');
    const std::string packed = pack(evidence);
    CHECK(packed.size() <= attest::max_evidence);
    const auto back = unpack(packed);
    REQUIRE(back);
    CHECK(back->tpm.event_register->log == evidence.tpm.event_register->log);
    evidence.tpm.event_register->log += 'x';
    CHECK_FALSE(unpack(pack(evidence)));
}

TEST_CASE("unpack: a register's statement or log alone is refused", "[attest][evidence]") {
    const std::string packed = tests::SoftwareAttester().packed();
    CHECK_FALSE(unpack(with(packed, "register", encode::Json())));
    CHECK(unpack(with(packed, "register-log", encode::Json())));        // a broken one may lack it:
    CHECK(unpack(with(packed, "register-certified", encode::Json())));  // the rules say so
}

TEST_CASE("unpack: all 64 bits of a fuse survive", "[attest][evidence]") {
    const tests::SoftwareAttester host;
    Evidence evidence = host.evidence();
    evidence.tpm.key.agent_fuse.value = 0x8000000000000001;
    const auto back = unpack(pack(evidence));
    REQUIRE(back);
    CHECK(back->tpm.key.agent_fuse.value == 0x8000000000000001);
}

TEST_CASE("unpack: unknown, missing and mistyped members are refused", "[attest][evidence]") {
    const std::string packed = tests::SoftwareAttester().packed();
    using encode::Json;
    CHECK_FALSE(unpack(with(packed, "more", Json("x"))));
    CHECK_FALSE(unpack(with(packed, "__cmwc_t", Json("2.25.1"))));
    for (const char* label :
         {"__cmwc_t", "challenge", "ek", "ak", "pcrs", "quote", "key", "key-certified"}) {
        INFO(label);
        CHECK_FALSE(unpack(with(packed, label, Json())));
    }
    const char* type = "application/vnd.holdfast.tpm-attested";
    CHECK_FALSE(unpack(with(packed, "quote", Json(Json::Array{Json("text/plain"), Json("AAA")}))));
    CHECK_FALSE(unpack(with(packed, "quote", Json(Json::Array{Json(type), Json("")}))));
    CHECK_FALSE(unpack(with(packed, "quote", Json(Json::Array{Json(type), Json("AAEA")}))));
    CHECK_FALSE(unpack(with(packed, "quote", Json("AAEA"))));
    CHECK_FALSE(unpack(packed + " x"));
    CHECK_FALSE(unpack(""));
}

TEST_CASE("unpack: a PCR has one spelling and one size", "[attest][evidence]") {
    const std::string packed = tests::SoftwareAttester().packed();
    using encode::Json;
    const auto pcrs = [&](const std::string& text) {
        const Json record = Json::Array{Json("application/vnd.holdfast.pcrs+json"),
                                        Json(encode::base64url(view_of(text)))};
        return unpack(with(packed, "pcrs", record)).has_value();
    };
    const std::string zeros(64, '0');
    CHECK(pcrs("{\"sha256\":{\"23\":\"" + zeros + "\"}}"));
    CHECK_FALSE(pcrs("{\"sha256\":{\"24\":\"" + zeros + "\"}}"));
    CHECK_FALSE(pcrs("{\"sha256\":{\"01\":\"" + zeros + "\"}}"));
    CHECK_FALSE(pcrs("{\"sha256\":{\"1\":\"" + zeros + "00\"}}"));
    CHECK_FALSE(pcrs("{\"sha1\":{}}"));
}
