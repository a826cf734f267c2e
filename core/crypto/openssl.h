// Owners for what OpenSSL hands out, and its errors in our words. For core/crypto only.
#ifndef HOLDFAST_CORE_CRYPTO_OPENSSL_H
#define HOLDFAST_CORE_CRYPTO_OPENSSL_H

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

template <auto Free>
struct OpensslFree {
    template <class T>
    void operator()(T* object) const noexcept {
        Free(object);
    }
};

template <class T, auto Free>
using Openssl = std::unique_ptr<T, OpensslFree<Free>>;

using PublicKey = Openssl<EVP_PKEY, ::EVP_PKEY_free>;
using X509Object = Openssl<X509, ::X509_free>;

// Takes OpenSSL's last reason and empties its queue, which would otherwise grow for ever.
inline Error openssl_error(Code code, std::string_view what) {
    const char* reason = ::ERR_reason_error_string(::ERR_peek_last_error());
    std::string text(what);
    if (reason != nullptr) text.append(": ").append(reason);
    ::ERR_clear_error();
    return {code, std::move(text)};
}

// The DER form of any ASN.1 object: i2d functions answer the size first, then write.
template <class T, class Encode>
Bytes der_of(T* object, Encode encode) {
    const int size = encode(object, nullptr);
    if (size <= 0) return {};
    Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = der.data();
    (void)encode(object, &at);
    return der;
}

// Exactly one SubjectPublicKeyInfo, no trailing bytes. EC points are on their curve.
Result<PublicKey> public_key_of(ByteView spki);

// Exactly one certificate, no trailing bytes.
Result<X509Object> x509_of(ByteView der);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_OPENSSL_H
