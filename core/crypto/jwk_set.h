// JWK Sets of public keys (RFC 7517 §5): whose signatures on JWS count.
#ifndef HOLDFAST_CORE_CRYPTO_JWK_SET_H
#define HOLDFAST_CORE_CRYPTO_JWK_SET_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

inline constexpr std::size_t max_jwk_set = 64UL * 1024;
inline constexpr std::size_t max_jwk_set_keys = 16;
inline constexpr std::size_t max_kid = 255;

struct PublicJwk {
    std::string kid;  // may be empty
    std::string alg;  // what the key may be used for; empty: what it fits
    Bytes spki;
};

// EC on P-256 or P-384, OKP on Ed25519 (RFC 8037 §2), RSA of 2048 or 3072 bits with exponent 65537.
// Unknown members are ignored, and so are keys of another kty or crv and those for another use
// than sig (RFC 7517 §5); they count among the sixteen. invalid: a private or symmetric key
// anywhere, a key of a known kind that is broken, a kid that stands there twice, no key that is
// left.
Result<std::vector<PublicJwk>> parse_jwk_set(std::string_view text);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_JWK_SET_H
