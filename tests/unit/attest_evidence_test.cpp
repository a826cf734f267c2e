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
    CHECK_FALSE(unpack(shorter)->tpm->event_register);
}

TEST_CASE("unpack: a log of 5 MiB fits into evidence, and no more", "[attest][evidence]") {
    Evidence evidence = tests::SoftwareAttester().evidence();
    evidence.tpm->event_register->log.assign(attest::max_cel_log, 'x');
    const std::string packed = pack(evidence);
    CHECK(packed.size() <= attest::max_evidence);
    const auto back = unpack(packed);
    REQUIRE(back);
    CHECK(back->tpm->event_register->log == evidence.tpm->event_register->log);
    evidence.tpm->event_register->log += 'x';
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
    evidence.tpm->key.agent_fuse.value = 0x8000000000000001;
    const auto back = unpack(pack(evidence));
    REQUIRE(back);
    CHECK(back->tpm->key.agent_fuse.value == 0x8000000000000001);
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

namespace {

std::string packed_of(tests::Kind kind) {
    tests::Bends bends;
    bends.kind = kind;
    bends.claimed_custody = "hsm";
    return tests::SoftwareAttester(bends).packed();
}

encode::Json member(const char* type, std::string_view text) {
    return encode::Json::Array{encode::Json(type), encode::Json(encode::base64url(view_of(text)))};
}

// The `key` of evidence without a TPM, with one member put, replaced or (null) taken away.
bool reads_key_with(const char* name, const encode::Json& value) {
    const std::string packed = packed_of(tests::Kind::without_tpm);
    const auto collection = *encode::parse_json(packed, attest::max_evidence);
    const auto text = *encode::from_base64url(*(*collection.find("key")->array())[1].string());
    encode::Json::Object key = *encode::parse_json(text_of(text), 4096)->object();
    key[name] = value;
    if (value.is_null()) key.erase(name);
    const auto bent = member("application/vnd.holdfast.key+json",
                             encode::canonical(encode::Json(std::move(key))));
    return unpack(with(packed, "key", bent)).has_value();
}

}  // namespace

TEST_CASE("challenge: a key outside the TPM is named by its public key, a TPM's by its Name",
          "[attest][evidence]") {
    KeyDescription key;
    key.name = Bytes(34, 2);
    key.spki = Bytes{1, 2, 3};
    CHECK(attest::key_name_of(key) == key.name);
    key.backend = Backend::pkcs11;
    CHECK(attest::key_name_of(key) == bytes_of(crypto::sha256(key.spki)));
    CHECK(attest::key_name_of(key).size() == 32);
}

TEST_CASE("pack: a token's key and a host without a TPM come back byte for byte",
          "[attest][evidence]") {
    for (const tests::Kind kind : {tests::Kind::mixed, tests::Kind::without_tpm}) {
        const std::string packed = packed_of(kind);
        const auto evidence = unpack(packed);
        REQUIRE(evidence);
        CHECK(pack(*evidence) == packed);
        CHECK(evidence->tpm.has_value() == (kind == tests::Kind::mixed));
        CHECK(evidence->boot_not_proven == (kind == tests::Kind::without_tpm));
        const KeyDescription& key = evidence->possession->key;
        CHECK(key.backend == Backend::pkcs11);
        CHECK(key.algorithm == KeyAlgorithm::es256);
        CHECK(key.custody == Custody::hsm);
        CHECK(key.token == "0123456789abcdef");
        CHECK(key.agent_fuse.kind == FuseKind::object);
    }
}

TEST_CASE("unpack: each kind of host has its own members, and no other kind's",
          "[attest][evidence]") {
    const std::string tpm = packed_of(tests::Kind::tpm);
    const std::string mixed = packed_of(tests::Kind::mixed);
    const std::string without = packed_of(tests::Kind::without_tpm);
    const auto record = [](const std::string& packed, const char* label) {
        return *encode::parse_json(packed, attest::max_evidence)->find(label);
    };
    // A token's key without its answer, a TPM's with one, or certified and yet in a token.
    CHECK_FALSE(unpack(with(mixed, "possession", encode::Json())));
    CHECK_FALSE(unpack(with(without, "possession", encode::Json())));
    CHECK_FALSE(unpack(with(tpm, "possession", record(mixed, "possession"))));
    CHECK_FALSE(unpack(with(mixed, "key-certified", record(tpm, "key-certified"))));
    CHECK_FALSE(unpack(with(mixed, "host-fuse-certified", record(tpm, "host-fuse-certified"))));
    // A TPM's key where no TPM speaks; a TPM that speaks in part.
    CHECK_FALSE(unpack(with(without, "key", record(tpm, "key"))));
    for (const char* label : {"ek", "ak", "pcrs", "quote"}) {
        INFO(label);
        CHECK_FALSE(unpack(with(mixed, label, encode::Json())));
        CHECK_FALSE(unpack(with(without, label, record(mixed, label))));
    }
    for (const char* label : {"ek-certificates", "register", "register-certified", "register-log"})
        CHECK_FALSE(unpack(with(without, label, record(mixed, label))));
}

TEST_CASE("unpack: `boot` has one word, and possession one media type", "[attest][evidence]") {
    const std::string packed = packed_of(tests::Kind::without_tpm);
    CHECK(unpack(with(packed, "boot", member("text/plain", "not proven"))));
    CHECK_FALSE(unpack(with(packed, "boot", member("text/plain", "proven"))));
    CHECK_FALSE(unpack(with(packed, "boot", member("text/plain", "not proven "))));
    CHECK_FALSE(unpack(with(packed, "boot", member("text/html", "not proven"))));
    CHECK_FALSE(unpack(with(packed, "possession", member("application/jwt", "x"))));
    CHECK(unpack(with(packed, "boot", encode::Json())));  // the rules say what that is worth
}

TEST_CASE("unpack: a token's key is an action key, with a custody that tokens have",
          "[attest][evidence]") {
    using encode::Json;
    CHECK(reads_key_with("custody", Json("unproven")));
    CHECK(reads_key_with("custody", Json("software-hsm")));
    for (const char* custody : {"tpm", "software-tpm", "tpm-virtual", "none", ""})
        CHECK_FALSE(reads_key_with("custody", Json(custody)));
    CHECK(reads_key_with("algorithm", Json("Ed25519")));
    CHECK_FALSE(reads_key_with("algorithm", Json("EdDSA")));
    CHECK_FALSE(reads_key_with("backend", Json("tpm")));
    CHECK_FALSE(reads_key_with("backend", Json("")));
    CHECK_FALSE(reads_key_with("purpose", Json("certificate")));
    CHECK(reads_key_with("token", Json(std::string(64, 't'))));
    CHECK_FALSE(reads_key_with("token", Json(std::string(65, 't'))));
    for (const char* name :
         {"id", "agent", "purpose", "spki", "backend", "algorithm", "custody", "token"})
        CHECK_FALSE(reads_key_with(name, Json()));
    for (const char* name : {"public", "name", "agent_fuse", "more"})
        CHECK_FALSE(reads_key_with(name, Json("AAAA")));
}

TEST_CASE("unpack: a TPM's key has no fuse of a token's kind", "[attest][evidence]") {
    Evidence evidence = tests::SoftwareAttester().evidence();
    evidence.tpm->key.agent_fuse.kind = FuseKind::object;
    CHECK_FALSE(unpack(pack(evidence)));
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
