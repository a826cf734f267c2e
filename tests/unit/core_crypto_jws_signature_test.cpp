// Every algorithm a key of ours may have: its key's one text, and what it signs.
#include <map>

#include "core/crypto/jws_signature.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::crypto;
using tests::SoftwareKey;

namespace {

const SoftwareKey& key_of(KeyAlgorithm algorithm) {
    static std::map<KeyAlgorithm, SoftwareKey> made;
    return made.try_emplace(algorithm, algorithm).first->second;
}

const Bytes message = bytes_of(view_of("what is signed"));

}  // namespace

TEST_CASE("jws signature: each algorithm signs what it says, byte for byte", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const SoftwareKey& key = key_of(algorithm);
        const Bytes signature = key.sign(message);
        CHECK(signature.size() == signature_size(algorithm));
        CHECK(verify_jws(algorithm, key.spki(), message, signature));
        Bytes other = message;
        other.back() ^= 1;
        CHECK_FALSE(verify_jws(algorithm, key.spki(), other, signature));
        Bytes bent = signature;
        bent.back() ^= 1;
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message, bent));
        CHECK_FALSE(verify_jws(algorithm, SoftwareKey(algorithm).spki(), message, signature));
        // And again with what is remembered of the key.
        CHECK(verify_jws(algorithm, key.spki(), message, signature));
    }
}

TEST_CASE("jws signature: no other algorithm takes it", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        const SoftwareKey& key = key_of(algorithm);
        const Bytes signature = key.sign(message);
        for (const KeyAlgorithm other : key_algorithms) {
            INFO(to_string(algorithm) << " as " << to_string(other));
            CHECK(verify_jws(other, key.spki(), message, signature).has_value() ==
                  (other == algorithm));
        }
    }
}

TEST_CASE("jws signature: it has its size, to the byte", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const SoftwareKey& key = key_of(algorithm);
        const Bytes signature = key.sign(message);
        Bytes longer = signature;
        longer.push_back(0);
        Bytes led = signature;
        led.insert(led.begin(), 0);
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message, longer));
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message, led));
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message, {}));
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message,
                               ByteView(signature).first(signature.size() - 1)));
        // r and s, each with a zero in front: the same numbers.
        const std::size_t half = signature.size() / 2;
        Bytes padded = signature;
        padded.insert(padded.begin() + static_cast<std::ptrdiff_t>(half), 0);
        padded.insert(padded.begin(), 0);
        CHECK_FALSE(verify_jws(algorithm, key.spki(), message, padded));
    }
}

TEST_CASE("jws signature: PS256 has a salt of 32 bytes", "[core][crypto]") {
    const SoftwareKey& key = key_of(KeyAlgorithm::ps256_2048);
    const auto takes_salt = [&](int salt) {
        const std::unique_ptr<EVP_MD_CTX, decltype(&::EVP_MD_CTX_free)> context(::EVP_MD_CTX_new(),
                                                                                &::EVP_MD_CTX_free);
        EVP_PKEY_CTX* key_context = nullptr;
        REQUIRE(::EVP_DigestSignInit(context.get(), &key_context, ::EVP_sha256(), nullptr,
                                     key.raw()) == 1);
        REQUIRE(::EVP_PKEY_CTX_set_rsa_padding(key_context, RSA_PKCS1_PSS_PADDING) == 1);
        REQUIRE(::EVP_PKEY_CTX_set_rsa_pss_saltlen(key_context, salt) == 1);
        Bytes signature(256);
        std::size_t size = signature.size();
        REQUIRE(::EVP_DigestSign(context.get(), signature.data(), &size, message.data(),
                                 message.size()) == 1);
        return verify_jws(KeyAlgorithm::ps256_2048, key.spki(), message, signature).has_value();
    };
    CHECK(takes_salt(32));
    for (const int salt : {0, 20, 31, 33, 222})
        CHECK_FALSE(takes_salt(salt));
}
