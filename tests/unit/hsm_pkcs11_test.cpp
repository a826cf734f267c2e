// What of PKCS#11 needs no token: URIs, which tokens are software, mechanisms, errors, records.
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/key_record.h"
#include "hsm/pkcs11/mechanisms.h"
#include "hsm/pkcs11/software.h"
#include "hsm/pkcs11/token.h"
#include "hsm/pkcs11/uri.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::hsm::pkcs11;

TEST_CASE("token URI: reads what RFC 7512 writes", "[hsm][pkcs11]") {
    const auto uri = parse_token_uri(
        "pkcs11:token=The%20Software%20PKCS%2311%20Softtoken;manufacturer=Snake%20Oil,%20Inc.;"
        "model=1.0;serial=0a:b");
    REQUIRE(uri);
    CHECK(uri->token == "The Software PKCS#11 Softtoken");
    CHECK(uri->manufacturer == "Snake Oil, Inc.");
    CHECK(uri->model == "1.0");
    CHECK(uri->serial == "0a:b");
    const auto any = parse_token_uri("pkcs11:");
    REQUIRE(any);
    CHECK_FALSE(any->token);
    CHECK(parse_token_uri("pkcs11:token=%c3%bc"));  // either case of a digit
}

TEST_CASE("token URI: anything it does not say exactly is refused", "[hsm][pkcs11]") {
    for (const char* bad : {"",
                            "token=x",
                            "PKCS11:token=x",
                            "pkcs11:token",
                            "pkcs11:token=",
                            "pkcs11:token=x;",
                            "pkcs11:;token=x",
                            "pkcs11:token=x;;serial=1",
                            "pkcs11:token=x;token=x",
                            "pkcs11:slot-id=0",
                            "pkcs11:object=key",
                            "pkcs11:id=%01",
                            "pkcs11:token=a b",
                            "pkcs11:token=%",
                            "pkcs11:token=%4",
                            "pkcs11:token=%4g",
                            "pkcs11:token=a%00b",
                            "pkcs11:token=a/b",
                            "pkcs11:token=x?pin-value=1234",
                            "pkcs11:token=x?pin-source=file:/p",
                            "pkcs11:Token=x",
                            "pkcs11:token=\"x\""}) {
        CAPTURE(bad);
        const auto uri = parse_token_uri(bad);
        REQUIRE_FALSE(uri);
        CHECK(uri.error().code() == Code::invalid);
    }
}

TEST_CASE("token URI: values are as long as a token's own fields, and no longer", "[hsm][pkcs11]") {
    CHECK(parse_token_uri("pkcs11:token=" + std::string(32, 'x')));
    CHECK_FALSE(parse_token_uri("pkcs11:token=" + std::string(33, 'x')));
    CHECK(parse_token_uri("pkcs11:serial=" + std::string(16, 'x')));
    CHECK_FALSE(parse_token_uri("pkcs11:serial=" + std::string(17, 'x')));
    CHECK_FALSE(parse_token_uri("pkcs11:" + std::string(max_token_uri, 'x')));
}

TEST_CASE("token URI: means a token only if all it names is the token's", "[hsm][pkcs11]") {
    const TokenNames token{"agents", "Acme", "HSM 1", "0123"};
    const auto is_meant = [&](const char* uri) { return means(*parse_token_uri(uri), token); };
    CHECK(is_meant("pkcs11:"));
    CHECK(is_meant("pkcs11:token=agents"));
    CHECK(is_meant("pkcs11:token=agents;serial=0123;manufacturer=Acme;model=HSM%201"));
    CHECK_FALSE(is_meant("pkcs11:token=agent"));
    CHECK_FALSE(is_meant("pkcs11:token=Agents"));
    CHECK_FALSE(is_meant("pkcs11:token=agents;serial=0124"));
    CHECK_FALSE(is_meant("pkcs11:token=agents;manufacturer=Acm"));
    CHECK_FALSE(is_meant("pkcs11:token=agents;model=HSM%202"));
    CHECK(is_meant(uri_of(token).c_str()));
    CHECK(uri_of(token) == "pkcs11:token=agents;serial=0123;manufacturer=Acme;model=HSM%201");
    CHECK(uri_of({"a;b%", "", "", ""}) == "pkcs11:token=a%3Bb%25");
}

TEST_CASE("software tokens: known by what they say of themselves, hardware is not among them",
          "[hsm][pkcs11]") {
    const auto software = [](const char* manufacturer, const char* model,
                             const char* library = "Acme") {
        return is_software({"any", manufacturer, model, "1"}, {library, "PKCS#11"});
    };
    CHECK(software("SoftHSM project", "SoftHSM v2"));
    CHECK(software("Mozilla Foundation", "NSS 3"));
    CHECK(software("Kryoptic Project", "v1"));
    CHECK(software("KRYOPTIC", "v1"));
    CHECK(software("IBM", "Soft"));
    CHECK(software("IBM Corp.", "ICA"));
    CHECK(software("IBM", "SW   TPM"));
    CHECK(software("PKCS#11 Kit", "p11-kit-trust"));
    CHECK(software("Gnome Keyring", "1.0"));
    CHECK(software("wolfpkcs11", "1"));
    CHECK(software("Acme", "Simulator"));
    CHECK(software("Acme", "1", "SoftHSM"));  // by its library alone
    for (const auto& [manufacturer, model] :
         {std::pair("Yubico (www.yubico.com)", "YubiHSM"), std::pair("SafeNet", "Luna K7"),
          std::pair("nCipher Corp. Ltd", ""), std::pair("Utimaco IS GmbH", "CryptoServer"),
          std::pair("IBM", "EP11"), std::pair("IBM", "CCA"), std::pair("Marvell", "CloudHSM"),
          std::pair("www.CardContact.de", "PKCS#15 emulated"), std::pair("Infineon", "SLB9672")}) {
        CAPTURE(manufacturer);
        CHECK_FALSE(software(manufacturer, model));
    }
}

namespace {

constexpr CK_FLAGS makes = CKF_GENERATE_KEY_PAIR;
constexpr CK_FLAGS signs = CKF_SIGN;

Mechanism mechanism(CK_MECHANISM_TYPE type, CK_FLAGS flags, unsigned long least,
                    unsigned long most) {
    return {.type = type, .info = {least, most, flags}};
}
std::vector<KeyAlgorithm> of(std::vector<Mechanism> mechanisms) {
    return algorithms_of(mechanisms);
}

}  // namespace

TEST_CASE("mechanisms: an algorithm is offered if its keys can be made and can sign",
          "[hsm][pkcs11]") {
    const auto ec = mechanism(CKM_EC_KEY_PAIR_GEN, makes, 256, 384);
    const auto ecdsa = mechanism(CKM_ECDSA, signs, 256, 384);
    const std::vector<KeyAlgorithm> both = {KeyAlgorithm::es256, KeyAlgorithm::es384};
    CHECK(of({ec, ecdsa}) == both);
    CHECK(of({ec}).empty());
    CHECK(of({ecdsa}).empty());
    CHECK(of({ec, mechanism(CKM_ECDSA, CKF_VERIFY, 256, 384)}).empty());
    CHECK(of({mechanism(CKM_EC_KEY_PAIR_GEN, 0, 256, 384), ecdsa}).empty());
    CHECK(of({ec, mechanism(CKM_ECDSA, signs, 256, 383)}) == std::vector{KeyAlgorithm::es256});
    CHECK(of({ec, mechanism(CKM_ECDSA, signs, 257, 384)}) == std::vector{KeyAlgorithm::es384});
    CHECK(of({ec, mechanism(CKM_ECDSA, signs, 0, 0)}) == both);  // says nothing of sizes
}

TEST_CASE("mechanisms: RSA sizes lie in the token's range, and each padding is its own",
          "[hsm][pkcs11]") {
    const auto rsa = mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN, makes, 1024, 4096);
    CHECK(of({rsa, mechanism(CKM_RSA_PKCS, signs, 512, 4096)}) ==
          std::vector{KeyAlgorithm::rs256_2048, KeyAlgorithm::rs256_3072});
    CHECK(of({rsa, mechanism(CKM_RSA_PKCS_PSS, signs, 512, 4096)}) ==
          std::vector{KeyAlgorithm::ps256_2048, KeyAlgorithm::ps256_3072});
    CHECK(of({rsa, mechanism(CKM_RSA_PKCS, signs, 512, 3071)}) ==
          std::vector{KeyAlgorithm::rs256_2048});
    CHECK(of({mechanism(CKM_RSA_PKCS_KEY_PAIR_GEN, makes, 2049, 3072),
              mechanism(CKM_RSA_PKCS, signs, 512, 4096)}) == std::vector{KeyAlgorithm::rs256_3072});
    CHECK(of({rsa, mechanism(CKM_RSA_PKCS, signs, 0, 0)}).empty());
}

TEST_CASE("mechanisms: Ed25519 with or without its spare bit, no curves but named primes",
          "[hsm][pkcs11]") {
    for (const unsigned long bits : {255UL, 256UL}) {
        const auto generate = mechanism(CKM_EC_EDWARDS_KEY_PAIR_GEN, makes, bits, bits);
        CHECK(of({generate, mechanism(CKM_EDDSA, signs, bits, 448)}) ==
              std::vector{KeyAlgorithm::ed25519});
    }
    const auto with = [](CK_FLAGS flags) {
        return of({mechanism(CKM_EC_KEY_PAIR_GEN, makes | flags, 256, 256),
                   mechanism(CKM_ECDSA, signs | flags, 256, 256)});
    };
    constexpr CK_FLAGS binary = 1UL << 21U;
    constexpr CK_FLAGS spelled_out = 1UL << 22U;
    CHECK(with(CKF_EC_F_P | CKF_EC_NAMEDCURVE).size() == 1);
    CHECK(with(CKF_EC_F_P | binary).size() == 1);
    CHECK(with(binary).empty());
    CHECK(with(CKF_EC_F_P | spelled_out).empty());
}

TEST_CASE("PKCS#11 errors: what ends the process, what passes, what an operator must mend",
          "[hsm][pkcs11]") {
    for (const CK_RV code :
         {CKR_SESSION_HANDLE_INVALID, CKR_SESSION_CLOSED, CKR_TOKEN_NOT_PRESENT, CKR_DEVICE_ERROR,
          CKR_DEVICE_REMOVED, CKR_USER_NOT_LOGGED_IN, CKR_GENERAL_ERROR, CKR_KEY_HANDLE_INVALID,
          CKR_CRYPTOKI_NOT_INITIALIZED, CKR_OPERATION_ACTIVE}) {
        CAPTURE(name_of(code));
        const Error error = error_of("C_Sign", code);
        CHECK(error.reason() == hsm::token_lost);
        CHECK(error.code() == Code::unavailable);
        CHECK(error.retry() == Retry::later);
    }
    CHECK(error_of("C_OpenSession", CKR_SESSION_COUNT).code() == Code::busy);
    CHECK(error_of("C_OpenSession", CKR_SESSION_COUNT).retry() == Retry::later);
    CHECK(error_of("C_Login", CKR_PIN_INCORRECT).reason() == "pin_refused");
    CHECK(error_of("C_Login", CKR_PIN_LOCKED).reason() == "pin_locked");
    CHECK(error_of("C_GenerateKeyPair", CKR_DEVICE_MEMORY).reason() == "token_full");
    CHECK(error_of("C_Sign", CKR_MECHANISM_INVALID).reason() == "algorithm_unavailable");
    CHECK(error_of("C_Sign", CKR_ARGUMENTS_BAD).code() == Code::internal);
    const Error vendors = error_of("C_Sign", 0x80000003);
    CHECK(vendors.code() == Code::internal);
    CHECK(vendors.text() == "C_Sign: unexpected (0x80000003)");
    CHECK(error_of("C_Sign", CKR_DEVICE_REMOVED).text().find("CKR_DEVICE_REMOVED") !=
          std::string::npos);
    CHECK(check("C_Sign", CKR_OK));
}

TEST_CASE("token key records: read back as written, and nothing else is", "[hsm][pkcs11]") {
    KeyRecord record;
    record.id = "hsm-bot-1";
    record.agent = "bot";
    record.algorithm = KeyAlgorithm::ps256_3072;
    record.stage = Stage::ready;
    record.serial = "0123456789abcdef";
    record.cka_id = Bytes(cka_id_size, 7);
    record.spki = Bytes(422, 8);
    record.custody = Custody::hsm;
    const auto back = key_record_from(record.id, to_text(record));
    REQUIRE(back);
    CHECK(to_text(*back) == to_text(record));
    CHECK(describe(*back).custody == Custody::hsm);
    CHECK(describe(*back).token == "0123456789abcdef");

    const auto refuses = [&](const std::string& from, const std::string& to) {
        std::string text = to_text(record);
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        text.replace(at, from.size(), to);
        return !key_record_from(record.id, text);
    };
    CHECK(refuses("\"ready\"", "\"done\""));
    CHECK(refuses("PS256-3072", "PS256"));
    CHECK(refuses("\"agent\":\"bot\",", ""));
    CHECK(refuses("\"agent\":\"bot\"", "\"agent\":\"bot\",\"slot\":1"));
    CHECK(refuses("0123456789abcdef", "0123456789abcdef0"));
    record.cka_id.pop_back();
    CHECK_FALSE(key_record_from(record.id, to_text(record)));
    record.cka_id = Bytes(cka_id_size, 7);
    record.spki.clear();
    CHECK_FALSE(key_record_from(record.id, to_text(record)));
    record.stage = Stage::making;
    CHECK(key_record_from(record.id, to_text(record)));
}
