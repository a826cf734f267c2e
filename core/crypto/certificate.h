// X.509 certificates: what we read of them, and chains checked against given roots.
#ifndef HOLDFAST_CORE_CRYPTO_CERTIFICATE_H
#define HOLDFAST_CORE_CRYPTO_CERTIFICATE_H

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

struct Certificate {
    Bytes der;
    Bytes tbs;                    // TBSCertificate, DER
    Bytes spki;                   // SubjectPublicKeyInfo, DER
    Bytes subject, issuer;        // DER names
    std::string serial;           // hex
    std::int64_t not_before = 0;  // Unix seconds
    std::int64_t not_after = 0;
    std::vector<std::string> uris;  // URI SANs
    std::size_t other_sans = 0;     // SANs that are no URI
    bool is_ca = false;
    bool has_basic_constraints = false;
    std::uint32_t key_usage = 0;  // X509_get_key_usage bits; UINT32_MAX when absent
    bool key_usage_critical = false;
    std::vector<std::string> extended_key_usage;  // dotted OIDs
    std::string holdfast_claims;  // canonical JSON in our extension; empty when absent
};

// Exactly one certificate, no trailing bytes (zero padding of TPM NV is the caller's to strip).
Result<Certificate> parse_certificate(ByteView der);

// Is it signed by the key it is about, as a CA's own certificate is? Nothing else is looked at.
Done check_self_signed(ByteView der);

struct ChainRules {
    std::int64_t now;                  // Unix seconds
    bool ignore_unknown_critical_san;  // EK certificates carry a critical directoryName SAN
};
// Leaf, then helpers in any order, to one of the roots (self-signed or not: partial chains).
// Name constraints, path length, validity and signatures as in RFC 5280 §6.
Done verify_chain(ByteView leaf, std::span<const Bytes> intermediates, std::span<const Bytes> roots,
                  const ChainRules& rules);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_CERTIFICATE_H
