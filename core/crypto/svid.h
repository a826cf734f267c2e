// X.509-SVIDs for keys of every algorithm and their one-host CA, which is ES256: TBSCertificates
// built, checked and assembled, never signed here.
#ifndef HOLDFAST_CORE_CRYPTO_SVID_H
#define HOLDFAST_CORE_CRYPTO_SVID_H

#include <cstdint>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

inline constexpr std::int64_t max_svid_lifetime = 24L * 3600;     // seconds
inline constexpr std::int64_t max_ca_lifetime = 30L * 24 * 3600;  // seconds
inline constexpr std::int64_t clock_skew = 60;                    // not_before lies this far back
inline constexpr const char* claims_oid = "2.25.290782180474270352837236410829446186043";

struct SvidRequest {
    std::string spiffe_id;
    Bytes subject_spki;
    Bytes ca_certificate;  // DER: issuer name and key identifier come from it
    Bytes serial;          // 16 random bytes; the top bit is cleared
    std::int64_t not_before;
    std::int64_t not_after;
    std::string claims;  // canonical JSON: custody, fuse, assurance, measurement, instance
};
// TBSCertificate, DER: one URI SAN, critical KU digitalSignature, EKU client+server, CA false.
Result<Bytes> svid_tbs(const SvidRequest& request);

struct CaRequest {
    std::string trust_domain;  // "<host>.<domain>": the critical name constraint
    Bytes spki;
    Bytes serial;
    std::int64_t not_before;
    std::int64_t not_after;
};
// Self-signed: pathlen 0, critical KU keyCertSign+cRLSign, permitted URI host = trust_domain only.
Result<Bytes> ca_tbs(const CaRequest& request);

// Subject and authority key identifiers: the leftmost 160 bits of SHA-256 over the key's bits
// (RFC 7093 §2, method 1).
Result<Bytes> key_identifier(ByteView spki);

// TBSCertificate + raw r ‖ s → Certificate, DER.
Result<Bytes> assemble_certificate(ByteView tbs, ByteView raw_signature);

// The keys worker's check before the CA key signs. Each part of the profile above, and:
// lifetime within the bound, own trust domain. Returns what the caller must still look up.
struct SvidFacts {
    std::string spiffe_id;
    Bytes subject_spki;
    bool is_ca = false;           // then spki must be the CA key's own
    std::int64_t not_before = 0;  // to be compared with the worker's own clock
    std::int64_t not_after = 0;
    Bytes issuer_key_id;  // must be key_identifier of the CA key
    std::string claims;   // empty for a CA
};
// Refuses (Code::denied) whatever differs by one byte from what svid_tbs or ca_tbs would build.
Result<SvidFacts> check_tbs(ByteView tbs, const std::string& trust_domain);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_SVID_H
