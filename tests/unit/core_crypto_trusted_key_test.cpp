#include "core/crypto/trusted_key.h"
#include "core/encode/base64.h"
#include "core/encode/ssh_wire.h"
#include "core/encode/sshsig.h"
#include "tests/support/catch.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using namespace holdfast::crypto;
namespace by_others = holdfast::tests::by_others;
using by_others::Signed;

namespace {

TrustedKey key_of(const Signed& signed_by) {
    auto key = TrustedKey::parse(signed_by.key);
    REQUIRE(key);
    return *std::move(key);
}

Bytes signature_of(const Signed& signed_by) {
    const bool armored = signed_by.signature.starts_with("-----BEGIN");
    auto bytes = armored ? encode::parse_armored_sshsig(signed_by.signature)
                         : encode::from_base64(signed_by.signature);
    REQUIRE(bytes);
    return *std::move(bytes);
}

bool accepts(const Signed& signed_by, std::string_view message = by_others::message,
             std::string_view name_space = by_others::name_space) {
    return key_of(signed_by)
        .verify(name_space, view_of(message), signature_of(signed_by))
        .has_value();
}

const Signed* const good[] = {&by_others::ssh_ed25519,
                              &by_others::ssh_p256,
                              &by_others::ssh_p384,
                              &by_others::ssh_rsa,
                              &by_others::ssh_sk_ed25519,
                              &by_others::ssh_sk_p256,
                              &by_others::ssh_ed25519_sha256,
                              &by_others::pem_p256,
                              &by_others::pem_p384,
                              &by_others::pem_ed25519,
                              &by_others::pem_rsa};

}  // namespace

TEST_CASE("trusted key: what ssh-keygen and openssl sign is accepted", "[core][crypto]") {
    for (const Signed* each : good) {
        INFO(each->what);
        CHECK(accepts(*each));
        CHECK_FALSE(accepts(*each, "DSSEv1 28 application/vnd.in-toto+json 2 {]"));
    }
}

TEST_CASE("trusted key: a signature changed in any byte is none", "[core][crypto]") {
    for (const Signed* each : good) {
        INFO(each->what);
        const TrustedKey key = key_of(*each);
        const Bytes signature = signature_of(*each);
        for (std::size_t i = 0; i < signature.size(); ++i) {
            Bytes bent = signature;
            bent[i] ^= 1;
            CHECK_FALSE(key.verify(by_others::name_space, view_of(by_others::message), bent));
        }
    }
}

TEST_CASE("trusted key: no key accepts the signature of another", "[core][crypto]") {
    for (const Signed* key : good) {
        for (const Signed* other : good) {
            if (key->key == other->key) continue;
            INFO(key->what << " and " << other->what);
            CHECK_FALSE(key_of(*key).verify(by_others::name_space, view_of(by_others::message),
                                            signature_of(*other)));
        }
    }
}

TEST_CASE("trusted key: an SSH signature counts in its namespace only", "[core][crypto]") {
    CHECK_FALSE(accepts(by_others::ssh_ed25519, by_others::message, "git"));
    CHECK_FALSE(accepts(by_others::ssh_other_namespace));
    CHECK(accepts(by_others::ssh_other_namespace, by_others::message, "other"));
}

TEST_CASE("trusted key: a token that nobody touched has not signed", "[core][crypto]") {
    CHECK_FALSE(accepts(by_others::ssh_sk_untouched));
}

TEST_CASE("trusted key: RSA signs with PSS under a PEM key, never PKCS#1", "[core][crypto]") {
    CHECK_FALSE(accepts(by_others::pem_rsa_pkcs1));
}

TEST_CASE("trusted key: weak and foreign keys are refused, not ignored", "[core][crypto]") {
    CHECK_FALSE(TrustedKey::parse(by_others::pem_p521_key));
    CHECK_FALSE(TrustedKey::parse(by_others::pem_rsa_1024_key));
    CHECK_FALSE(TrustedKey::parse(by_others::ssh_rsa_1024_key));
    CHECK_FALSE(TrustedKey::parse(by_others::ssh_p521.key));
    CHECK_FALSE(TrustedKey::parse(""));
    CHECK_FALSE(TrustedKey::parse("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"));
    CHECK_FALSE(TrustedKey::parse("-----BEGIN CERTIFICATE-----\n"));
    const std::string pem(by_others::pem_p256.key);
    CHECK(TrustedKey::parse(pem));
    CHECK_FALSE(TrustedKey::parse(pem + pem));
    CHECK(TrustedKey::parse(pem + std::string(16UL * 1024 - pem.size(), '\n')));
    CHECK_FALSE(TrustedKey::parse(pem + std::string(16UL * 1024 + 1 - pem.size(), '\n')));
}

TEST_CASE("trusted key: an EC key off its curve is refused", "[core][crypto]") {
    Bytes point(65, 1);
    point[0] = 4;
    const Bytes blob = encode::SshWriter()
                           .string(view_of(encode::ssh_p256))
                           .string(view_of("nistp256"))
                           .string(point)
                           .take();
    CHECK_FALSE(TrustedKey::parse("ecdsa-sha2-nistp256 " + encode::base64(blob)));
}

TEST_CASE("trusted key: fingerprints are those of ssh-keygen -l and of the SPKI",
          "[core][crypto]") {
    CHECK(key_of(by_others::ssh_ed25519).fingerprint() ==
          "SHA256:woROzNzbeiCoGAehDkKqPpumONVL6W+usipffB8yjnI");
    CHECK(key_of(by_others::ssh_rsa).fingerprint() ==
          "SHA256:x6SicLspNkSWAVl79VeOjFkSl9VW6v25YrxLbv7COR0");
    CHECK(key_of(by_others::pem_p256).fingerprint() ==
          "spki-sha256:4c8e6e90399a57c2788733ce466c1dea14466c061d1c52bb357a373cc8c91a64");
    CHECK(key_of(by_others::ssh_ed25519).is_ssh());
    CHECK_FALSE(key_of(by_others::pem_p256).is_ssh());
}
