// Keys as JOSE names them (RFC 7517, RFC 7518 §6, RFC 8037 §2).
#ifndef HOLDFAST_CORE_CRYPTO_JWK_H
#define HOLDFAST_CORE_CRYPTO_JWK_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

// RFC 7638 thumbprint (for Ed25519: RFC 8037, A.3) of a key of ours, base64url.
Result<std::string> jwk_thumbprint(ByteView spki);

// Is this SubjectPublicKeyInfo, in its one encoding, a key for that algorithm?
Done check_key_of(KeyAlgorithm algorithm, ByteView spki);
// What a JWS header's alg means for a key: "PS256" says nothing of the bits, the key does.
Result<KeyAlgorithm> algorithm_of(std::string_view jws_alg, ByteView spki);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_JWK_H
