// What custody of a key in a token is claimed on: read from the token each time, never assumed.
#include <optional>

#include "hsm/pkcs11/key_objects.h"
#include "hsm/pkcs11/module.h"
#include "hsm/pkcs11/session.h"
#include "tests/support/bent_token.h"
#include "tests/support/token_host.h"

using namespace holdfast;
using namespace holdfast::hsm::pkcs11;
using tests::agent_key;
using tests::made;
using tests::TokenHost;

namespace {

const Bytes p256 = {0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07};

// Somebody with the PIN, at the same token.
struct Visitor {
    explicit Visitor(const TokenHost& host) {
        host.soft.use();
        auto loaded = Module::load(tests::softhsm_module);
        REQUIRE(loaded);
        module = *std::move(loaded);
        const auto tokens = module->tokens();
        REQUIRE(tokens);
        auto opened = Session::open(*module, tokens->front().slot);
        REQUIRE(opened);
        session.emplace(*std::move(opened));
        REQUIRE(session->log_in(view_of("1234")));
    }
    CK_OBJECT_HANDLE generate(bool sensitive, bool extractable) {
        Template open_half;
        open_half.flag(CKA_TOKEN, false).bytes(CKA_EC_PARAMS, p256);
        Template half;
        half.flag(CKA_TOKEN, false).flag(CKA_SENSITIVE, sensitive);
        half.flag(CKA_EXTRACTABLE, extractable).flag(CKA_SIGN, true);
        const auto pair = session->generate(CKM_EC_KEY_PAIR_GEN, open_half, half);
        REQUIRE(pair);
        return pair->private_key;
    }

    std::unique_ptr<Module> module;
    std::optional<Session> session;
};

}  // namespace

TEST_CASE("custody: a key that was ever readable or may leave is not inside the token",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    const TokenHost host;
    Visitor visitor(host);
    CHECK(*was_always_inside(*visitor.session, visitor.generate(true, false)));
    CHECK_FALSE(*was_always_inside(*visitor.session, visitor.generate(true, true)));
    CHECK_FALSE(*was_always_inside(*visitor.session, visitor.generate(false, false)));
    CHECK_FALSE(*was_always_inside(*visitor.session, visitor.generate(false, true)));
}

TEST_CASE("custody: a key that came in from outside is not inside the token", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    REQUIRE(host.soft.run("openssl ecparam -name prime256v1 -genkey -noout -out " +
                          host.soft.file("key.pem") + " && openssl pkcs8 -topk8 -nocrypt -in " +
                          host.soft.file("key.pem") + " -out " + host.soft.file("key.p8") +
                          " && softhsm2-util --import " + host.soft.file("key.p8") +
                          " --token agents --pin 1234 --label in --id abcd") == 0);
    Visitor visitor(host);
    const auto found = visitor.session->find(half_with_id(CKO_PRIVATE_KEY, Bytes{0xAB, 0xCD}), 2);
    REQUIRE(found);
    REQUIRE(found->size() == 1);
    CHECK_FALSE(*was_always_inside(*visitor.session, found->front()));
    CHECK(*visitor.session->read_flag(found->front(), CKA_LOCAL) == false);
}

TEST_CASE("custody: no private value of ours is told, and none of its limits can be lifted",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    (void)made(host.open(), agent_key("bot"));
    host.token.reset();
    Visitor visitor(host);
    Session& session = *visitor.session;
    const auto keys = session.find(Template().number(CKA_CLASS, CKO_PRIVATE_KEY), 2);
    REQUIRE(keys);
    REQUIRE(keys->size() == 1);
    CHECK_FALSE(session.read(keys->front(), CKA_VALUE)->has_value());
    // The same question does get an answer from a key that has none of the limits.
    CHECK(session.read(visitor.generate(false, true), CKA_VALUE)->has_value());

    for (const CK_ATTRIBUTE_TYPE limit : {CKA_MODIFIABLE, CKA_COPYABLE, CKA_EXTRACTABLE})
        CHECK(*session.read_flag(keys->front(), limit) == false);
    for (const CK_ATTRIBUTE_TYPE right : {CKA_DECRYPT, CKA_UNWRAP, CKA_DERIVE, CKA_SIGN_RECOVER})
        CHECK(session.read_flag(keys->front(), right)->value_or(false) == false);
}

TEST_CASE("custody: hsm only if the token says all five of a key, each time it is opened",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::BentToken bent;
    bent.poses_as_hardware = true;
    TokenHost host;
    hsm::KeyStore& keys = host.open();
    CHECK(keys.custody() == Custody::hsm);
    const auto key = made(keys, agent_key("bot"));
    CHECK(key.custody == Custody::hsm);
    for (const CK_ATTRIBUTE_TYPE attribute :
         {CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_LOCAL}) {
        CAPTURE(attribute);
        bent.flipped_attribute = attribute;
        hsm::KeyStore& again = host.open();
        CHECK(again.describe(key.id)->custody == Custody::unproven);
        CHECK(made(again, agent_key("bot")).custody == Custody::unproven);
    }
    bent.flipped_attribute = CK_UNAVAILABLE_INFORMATION;
    CHECK(host.open().describe(key.id)->custody == Custody::hsm);
}

TEST_CASE("custody: a software token is refused without leave, before any PIN is tried",
          "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    auto options = host.options();
    options.software_allowed = false;
    options.pin_descriptor = -1;
    const auto opened = hsm::Token::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
    CHECK(opened.error().reason() == "software_token");
    CHECK(opened.error().text().find("pkcs11.software = allow") != std::string::npos);
}

TEST_CASE("token: which one is meant is its label and serial, never its slot", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    host.soft.add("others");
    const auto key = made(host.open(), agent_key("bot"));
    const std::string serial = host.token->serial();
    CHECK(host.token->label() == "agents");
    CHECK(host.token->check_is_meant("pkcs11:token=agents;serial=" + serial));
    CHECK(host.token->check_is_meant("pkcs11:token=others").error().code() == Code::conflict);
    CHECK(host.token->check_is_meant("token=agents").error().code() == Code::invalid);
    host.token.reset();

    auto options = host.options();
    options.token = "pkcs11:manufacturer=SoftHSM%20project";
    CHECK(hsm::Token::open(options).error().reason() == "token_ambiguous");
    options.token = "pkcs11:token=nobody";
    const auto missing = hsm::Token::open(options);
    REQUIRE_FALSE(missing);
    CHECK(missing.error().code() == Code::unavailable);
    CHECK(missing.error().reason() == "token_missing");
    CHECK(missing.error().text().find("'others'") != std::string::npos);
    CHECK(missing.error().text().find("''") == std::string::npos);  // blank ones are none

    // The key's record means the first token; the second does not answer for it.
    options.token = "pkcs11:token=others";
    const auto other = hsm::Token::open(options);
    REQUIRE(other);
    CHECK((*other)->keys().describe(key.id).error().reason() == "other_token");
    CHECK((*other)->keys().sign(key.id, view_of("x")).error().reason() == "other_token");
    CHECK((*other)->keys().list()->empty());
}
