// Every algorithm a key of ours may have: its key's one text, and what it signs.
#include <map>

#include "core/crypto/public_key.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::crypto;
using tests::SoftwareKey;

namespace {

constexpr std::array all{KeyAlgorithm::es256,      KeyAlgorithm::es384,
                         KeyAlgorithm::ed25519,    KeyAlgorithm::ps256_2048,
                         KeyAlgorithm::ps256_3072, KeyAlgorithm::rs256_2048,
                         KeyAlgorithm::rs256_3072};

const SoftwareKey& key_of(KeyAlgorithm algorithm) {
    static std::map<KeyAlgorithm, SoftwareKey> made;
    return made.try_emplace(algorithm, algorithm).first->second;
}

const Bytes message = bytes_of(view_of("what is signed"));

}  // namespace

TEST_CASE("jws signature: each algorithm signs what it says, byte for byte", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : all) {
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
    for (const KeyAlgorithm algorithm : all) {
        const SoftwareKey& key = key_of(algorithm);
        const Bytes signature = key.sign(message);
        for (const KeyAlgorithm other : all) {
            INFO(to_string(algorithm) << " as " << to_string(other));
            CHECK(verify_jws(other, key.spki(), message, signature).has_value() ==
                  (other == algorithm));
        }
    }
}
