#include "core/crypto/jws_signature.h"

#include <openssl/rsa.h>

#include <memory>

#include "core/crypto/hash.h"
#include "core/crypto/jwk.h"
#include "core/crypto/openssl.h"
#include "core/crypto/recent.h"
#include "core/crypto/signature.h"

namespace holdfast::crypto {
namespace {

constexpr int ps256_salt = 32;  // RFC 7518 §3.5: as long as the hash

Error bad_signature() {
    ::ERR_clear_error();
    return {Code::invalid, "signature: does not verify"};
}

int padding_of(KeyAlgorithm algorithm) {
    switch (algorithm) {
        case KeyAlgorithm::ps256_2048:
        case KeyAlgorithm::ps256_3072: return RSA_PKCS1_PSS_PADDING;
        case KeyAlgorithm::rs256_2048:
        case KeyAlgorithm::rs256_3072: return RSA_PKCS1_PADDING;
        case KeyAlgorithm::es256:
        case KeyAlgorithm::es384:
        case KeyAlgorithm::ed25519: break;
    }
    return 0;
}

bool set_padding(EVP_PKEY_CTX* context, KeyAlgorithm algorithm) {
    const int padding = padding_of(algorithm);
    if (padding == 0) return true;
    // MGF1 takes the same hash unless told otherwise.
    return ::EVP_PKEY_CTX_set_rsa_padding(context, padding) == 1 &&
           ::EVP_PKEY_CTX_set_signature_md(context, ::EVP_sha256()) == 1 &&
           (padding != RSA_PKCS1_PSS_PADDING ||
            ::EVP_PKEY_CTX_set_rsa_pss_saltlen(context, ps256_salt) == 1);
}

// Ready to check digests. The owners: Recent, and who asks it, for a moment.
using Verifier = std::shared_ptr<EVP_PKEY_CTX>;

// From the algorithm's number and the key behind it: what a context is for.
Result<Verifier> verifier_for(ByteView algorithm_and_spki) {
    const auto algorithm = static_cast<KeyAlgorithm>(algorithm_and_spki.front());
    const ByteView spki = algorithm_and_spki.subspan(1);
    HOLDFAST_CHECK(check_key_of(algorithm, spki));
    HOLDFAST_TRY(key, public_key_of(spki));
    Verifier context(::EVP_PKEY_CTX_new_from_pkey(nullptr, key.get(), nullptr),
                     ::EVP_PKEY_CTX_free);
    if (context == nullptr || ::EVP_PKEY_verify_init(context.get()) != 1 ||
        !set_padding(context.get(), algorithm))
        return openssl_error(Code::internal, "signature: no context");
    return context;
}

// Making the context costs OpenSSL 3.0 as much again as the check itself.
Result<Verifier> verifier_of(KeyAlgorithm algorithm, ByteView spki) {
    thread_local Recent<Verifier> recent;
    Bytes both{static_cast<std::uint8_t>(algorithm)};
    both.insert(both.end(), spki.begin(), spki.end());
    return recent.read(both, verifier_for);
}

// It hashes by itself, which only DigestVerify does.
Done verify_ed25519(ByteView spki, ByteView message, ByteView signature) {
    HOLDFAST_CHECK(check_key_of(KeyAlgorithm::ed25519, spki));
    HOLDFAST_TRY(key, public_key_of(spki));
    const Openssl<EVP_MD_CTX, ::EVP_MD_CTX_free> context(::EVP_MD_CTX_new());
    const bool verified = context != nullptr &&
                          ::EVP_DigestVerifyInit_ex(context.get(), nullptr, nullptr, nullptr,
                                                    nullptr, key.get(), nullptr) == 1 &&
                          ::EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                             message.data(), message.size()) == 1;
    if (!verified) return bad_signature();
    return done();
}

Result<Bytes> as_openssl_takes_it(KeyAlgorithm algorithm, ByteView signature) {
    const bool ecdsa = algorithm == KeyAlgorithm::es256 || algorithm == KeyAlgorithm::es384;
    return ecdsa ? der_of_raw(signature) : bytes_of(signature);
}

Done check_size(KeyAlgorithm algorithm, ByteView signature) {
    if (signature.size() == signature_size(algorithm)) return done();
    return Error(Code::invalid, "signature: wrong size for " + std::string(to_string(algorithm)));
}

}  // namespace

Done verify_jws(KeyAlgorithm algorithm, ByteView spki, ByteView message, ByteView signature) {
    HOLDFAST_CHECK(check_size(algorithm, signature));
    if (algorithm == KeyAlgorithm::ed25519) return verify_ed25519(spki, message, signature);
    HOLDFAST_TRY(verifier, verifier_of(algorithm, spki));
    HOLDFAST_TRY(bytes, as_openssl_takes_it(algorithm, signature));
    HOLDFAST_TRY(digest, hash(hash_of(algorithm), {message}));
    if (::EVP_PKEY_verify(verifier.get(), bytes.data(), bytes.size(), digest.data(),
                          digest.size()) != 1)
        return bad_signature();
    return done();
}

Done verify_es256(ByteView spki, ByteView message, ByteView raw) {
    return verify_jws(KeyAlgorithm::es256, spki, message, raw);
}

}  // namespace holdfast::crypto
