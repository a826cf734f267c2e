// The profile of our certificates as DER: built from few values, so that whoever checks a
// TBSCertificate can build it again from what it read and compare.
#ifndef HOLDFAST_CORE_CRYPTO_SVID_PROFILE_H
#define HOLDFAST_CORE_CRYPTO_SVID_PROFILE_H

#include <cstdint>
#include <string>

#include "core/crypto/der.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

inline constexpr std::size_t serial_size = 16;
inline constexpr std::size_t max_claims = 4096;

struct Frame {     // what both kinds have
    Bytes serial;  // serial_size bytes, top bit clear, not all zero
    std::int64_t not_before;
    std::int64_t not_after;
};
struct SvidProfile {
    std::string spiffe_id;
    Bytes spki;
    Bytes ca_key_id;
    std::string claims;
};
struct CaProfile {
    std::string trust_domain;
    Bytes spki;
};

Result<Bytes> svid_tbs_of(const SvidProfile& profile, const Frame& frame);
Result<Bytes> ca_tbs_of(const CaProfile& profile, const Frame& frame);

// The subject of a CA of ours, which follows from its key alone, so two keys never share a name.
Bytes ca_name(ByteView key_id);

// Clears the top bit; refuses another size and zero (RFC 5280 §4.1.2.2).
Result<Bytes> serial_of_random(ByteView random);

Bytes ecdsa_with_sha256();  // AlgorithmIdentifier, RFC 5758 §3.2

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_SVID_PROFILE_H
