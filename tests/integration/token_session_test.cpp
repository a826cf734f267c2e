// Sessions in a token: as few as possible, never more over time, and what is done when one is lost.
#include "hsm/pkcs11/inventory.h"
#include "hsm/pkcs11/mechanisms.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"
#include "tests/support/bent_token.h"
#include "tests/support/token_host.h"

using namespace holdfast;
using namespace holdfast::hsm::pkcs11;
using tests::agent_key;
using tests::BentToken;
using tests::made;
using tests::TokenHost;

TEST_CASE("sessions: two are all it takes, and a thousand signatures leave no more",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    bent.max_sessions = sessions_needed;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    std::vector<KeyDescription> all;
    for (const KeyAlgorithm algorithm :
         {KeyAlgorithm::es256, KeyAlgorithm::es384, KeyAlgorithm::rs256_2048,
          KeyAlgorithm::ps256_2048, KeyAlgorithm::ed25519})
        all.push_back(made(keys, agent_key("bot", algorithm)));
    CHECK(bent.sessions.size() == 1);  // libp11 takes its own when it is first asked
    for (std::size_t i = 0; i < 1000; ++i) {
        const auto& key = all.at(i % all.size());
        const auto signature = keys.sign(key.id, view_of("message " + std::to_string(i)));
        if (!signature) FAIL(signature.error().text());
    }
    for (const auto& key : all)
        REQUIRE(keys.blow_fuse(key.id));
    CHECK(bent.sessions.size() == 2);
    host.token.reset();
    CHECK(bent.sessions.empty());
}

TEST_CASE(
    "sessions: a token with room for one is refused, one that is full says so and waits for "
    "nobody",
    "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    bent.max_sessions = sessions_needed - 1;
    CHECK(host.try_open().error().code() == Code::invalid);
    bent.max_sessions = sessions_needed;
    const auto key = made(host.open(), agent_key("bot"));
    hsm::KeyStore& keys = host.open();
    // Somebody else in this process took the session that libp11 would have.
    bent.sessions.insert(4711);
    const auto full = keys.sign(key.id, view_of("x"));
    REQUIRE_FALSE(full);
    CHECK(full.error().code() == Code::busy);
    CHECK(full.error().retry() == Retry::later);
    bent.sessions.erase(4711);
    CHECK(keys.sign(key.id, view_of("x")));
}

TEST_CASE("sessions: a token that is gone says that the process must start again",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto ec = made(keys, agent_key("bot"));
    const auto edwards = made(keys, agent_key("bot", KeyAlgorithm::ed25519));
    CK_FUNCTION_LIST* calls = tests::softhsm_calls();
    for (const CK_SLOT_ID slot : tests::slots_of(calls))
        (void)calls->C_CloseAllSessions(slot);
    for (const auto& key : {ec, edwards}) {
        const auto lost = keys.sign(key.id, view_of("x"));
        REQUIRE_FALSE(lost);
        CHECK(lost.error().reason() == hsm::token_lost);
        CHECK(lost.error().code() == Code::unavailable);
        CHECK(lost.error().retry() == Retry::later);
    }
    CHECK(keys.create(agent_key("bot")).error().reason() == hsm::token_lost);
    CHECK(keys.blow_fuse(ec.id).error().reason() == hsm::token_lost);

    hsm::KeyStore& again = host.open();
    CHECK(again.sign(edwards.id, view_of("x")));
    // Its record said so before the token was asked; the object went at this open.
    CHECK(again.sign(ec.id, view_of("x")).error().reason() == "fuse_blown");
    CHECK(again.list()->size() == 2);
}

TEST_CASE("sessions: a login that ended by itself is noticed before libp11 is asked",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto ec = made(keys, agent_key("bot"));
    CK_FUNCTION_LIST* calls = tests::softhsm_calls();
    REQUIRE(calls->C_Logout(*bent.sessions.begin()) == CKR_OK);
    const auto lost = keys.sign(ec.id, view_of("x"));
    REQUIRE_FALSE(lost);
    CHECK(lost.error().reason() == hsm::token_lost);
}

TEST_CASE("token: a wrong signature is not released, by either way of signing", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    for (const KeyAlgorithm algorithm : keys.algorithms()) {
        CAPTURE(to_string(algorithm));
        const auto key = made(keys, agent_key("bot", algorithm));
        bent.bends_signatures = true;
        const auto wrong = keys.sign(key.id, view_of("x"));
        REQUIRE_FALSE(wrong);
        CHECK(wrong.error().code() == Code::unavailable);
        // And no key is made whose first signature is wrong.
        CHECK_FALSE(keys.create(agent_key("bot", algorithm)));
        bent.bends_signatures = false;
        CHECK(keys.sign(key.id, view_of("x")));
    }
    CHECK(keys.list()->size() == keys.algorithms().size());
    CHECK(bent.mechanisms ==
          std::set<CK_MECHANISM_TYPE>{CKM_ECDSA, CKM_EDDSA, CKM_RSA_PKCS, CKM_RSA_PKCS_PSS});
}

TEST_CASE("token: each failure of a signature is told for what it is", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    std::vector<KeyDescription> all;
    for (const KeyAlgorithm algorithm :
         {KeyAlgorithm::es256, KeyAlgorithm::rs256_2048, KeyAlgorithm::ed25519})
        all.push_back(made(keys, agent_key("bot", algorithm)));
    for (const auto& key : all) {
        CAPTURE(to_string(key.algorithm));
        for (const CK_RV code : {CKR_DEVICE_REMOVED, CKR_DEVICE_ERROR, CKR_SESSION_HANDLE_INVALID,
                                 CKR_KEY_HANDLE_INVALID, CKR_GENERAL_ERROR}) {
            bent.sign_init = code;
            CHECK(keys.sign(key.id, view_of("x")).error().reason() == hsm::token_lost);
        }
        bent.sign_init = CKR_HOST_MEMORY;
        CHECK(keys.sign(key.id, view_of("x")).error().code() == Code::busy);
        bent.sign_init = CKR_OK;
        CHECK(keys.sign(key.id, view_of("x")));
    }
}

TEST_CASE("token: a key that cannot be destroyed is refused all the same, and its end is not told",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    const auto key = made(keys, agent_key("bot"));
    const auto other = made(keys, agent_key("other"));
    bent.destroy_object = CKR_ACTION_PROHIBITED;
    CHECK(keys.blow_fuse(key.id).error().reason() == "token_forbids");
    CHECK(keys.sign(key.id, view_of("x")).error().reason() == "fuse_blown");
    CHECK_FALSE(keys.destroy(key.id));
    // Others sign on, also after a start at which it is tried again.
    hsm::KeyStore& again = host.open();
    CHECK(again.sign(other.id, view_of("x")));
    bent.destroy_object = CKR_OK;
    CHECK(again.blow_fuse(key.id));
    CHECK(again.destroy(key.id));
}

TEST_CASE("token: an algorithm that it does not offer is refused before it is asked",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    bent.missing_mechanism = CKM_EDDSA;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    CHECK(keys.algorithms().size() == 6);
    const auto refused = keys.create(agent_key("bot", KeyAlgorithm::ed25519));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::invalid);
    CHECK(refused.error().reason() == "algorithm_unavailable");
    CHECK(bent.generations == 0);
    CHECK(made(keys, agent_key("bot")).id == "hsm-bot-1");
}

TEST_CASE("token: a module that others may write is not loaded", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    const std::string copy = host.soft.file("module.so");
    std::filesystem::copy_file(tests::softhsm_module, copy);
    auto options = host.options();
    options.module = copy;
    for (const auto others :
         {std::filesystem::perms::group_write, std::filesystem::perms::others_write}) {
        std::filesystem::permissions(copy, std::filesystem::perms::owner_all | others);
        const auto refused = hsm::Token::open(options);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::denied);
    }
    std::filesystem::permissions(copy, std::filesystem::perms::owner_all);
    CHECK(hsm::Token::open(options));
}

TEST_CASE("token: one that knows fewer attributes still makes a key that never leaves",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    for (const CK_ATTRIBUTE_TYPE unknown : {CKA_COPYABLE, CKA_SIGN_RECOVER}) {
        bent.unknown_attribute = unknown;
        const auto key = made(keys, agent_key("bot"));
        CHECK(keys.sign(key.id, view_of("x")));
        REQUIRE(host.soft.tool("--list-objects --type privkey") == 0);
        CHECK(host.soft.output.find("not ") == std::string::npos);
        REQUIRE(keys.blow_fuse(key.id));
    }
    // What makes it a key of ours is never left out.
    for (const CK_ATTRIBUTE_TYPE refused : {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_PRIVATE}) {
        bent.unknown_attribute = refused;
        CHECK_FALSE(keys.create(agent_key("bot")));
    }
}

TEST_CASE("PIN: with one try left, or none, the token is not asked to log in", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    const TokenHost host;
    bent.token_flags = CKF_USER_PIN_FINAL_TRY;
    CHECK(host.try_open().error().reason() == "pin_final_try");
    bent.token_flags = CKF_USER_PIN_LOCKED;
    CHECK(host.try_open().error().reason() == "pin_locked");
    CHECK(bent.logins == 0);
    bent.token_flags = 0;
    CHECK(host.try_open());
    CHECK(bent.logins == 1);
}

TEST_CASE("inventory: names each token by a URI that means it alone, and spends no try",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    host.soft.add("others; 100%");
    const auto inventory = hsm::take_inventory(host.options());
    REQUIRE(inventory);
    CHECK(inventory->slots == 3);
    std::size_t initialised = 0;
    for (const auto& token : inventory->tokens) {
        CHECK(token.is_software);
        CHECK(token.algorithms.size() == 7);
        CHECK(token.mechanisms.size() > 7);
        CHECK(token.is_meant == (token.label == "agents"));
        if (token.label.empty()) continue;
        ++initialised;
        auto options = host.options();
        options.token = token.uri;
        const auto opened = hsm::Token::open(options);
        if (!opened) FAIL(opened.error().text());
        CHECK((*opened)->serial() == token.serial);
    }
    CHECK(initialised == 2);
}

TEST_CASE("module: as many slots and mechanisms as we have room for, and more are refused",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    BentToken bent;
    const tests::SoftToken token;
    const auto module = Module::load(tests::softhsm_module);
    REQUIRE(module);
    const CK_SLOT_ID slot = (*module)->tokens()->front().slot;
    bent.listed_slots = max_slots;
    CHECK((*module)->slots()->size() == max_slots);
    bent.listed_slots = max_slots + 1;
    const auto slots = (*module)->slots();
    REQUIRE_FALSE(slots);
    CHECK(slots.error().code() == Code::invalid);
    CHECK(slots.error().text() == "the module has more than 1024 slots");
    bent.listed_mechanisms = max_mechanisms;
    CHECK(mechanisms_of(**module, slot)->size() == max_mechanisms);
    bent.listed_mechanisms = max_mechanisms + 1;
    const auto mechanisms = mechanisms_of(**module, slot);
    REQUIRE_FALSE(mechanisms);
    CHECK(mechanisms.error().code() == Code::invalid);
    CHECK(mechanisms.error().text() == "the token has more than 1024 mechanisms");
}
