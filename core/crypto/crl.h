// Certificate revocation lists (X.509 v2, RFC 5280 §5) of a one-host CA: TBSCertLists built,
// checked and assembled, never signed here.
#ifndef HOLDFAST_CORE_CRYPTO_CRL_H
#define HOLDFAST_CORE_CRYPTO_CRL_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::crypto {

inline constexpr std::int64_t max_crl_lifetime = 24L * 3600;  // seconds
// With so many the TBSCertList still fits into one message to the keys worker.
inline constexpr std::size_t max_crl_entries = 1200;
inline constexpr std::size_t max_crl_tbs = 63UL * 1024;

// RFC 5280 §5.3.1; the numbers are the standard's.
enum class RevocationReason : std::uint8_t {
    cessation_of_operation = 5,  // the agent was retired
    certificate_hold = 6,        // suspended: may be lifted again
    privilege_withdrawn = 9,     // revoked: what it signed before stands
};

struct RevokedCertificate {
    Bytes serial;        // serial_size bytes, as in svid_profile.h
    std::int64_t since;  // Unix seconds
    RevocationReason reason;
    friend bool operator==(const RevokedCertificate&, const RevokedCertificate&) = default;
};

// From the hex text of a certificate's serial number, which has no leading zeros: 16 bytes.
Result<Bytes> serial_of_hex(std::string_view hex);

struct CrlRequest {
    Bytes ca_certificate;  // DER: issuer name and key identifier come from it
    std::uint64_t number;  // CRLNumber, above every earlier one
    std::int64_t this_update;
    std::int64_t next_update;
    std::vector<RevokedCertificate> revoked;  // in any order
};
// TBSCertList, DER, version 2: entries by serial number, each with its reason; CRLNumber and
// authority key identifier. invalid: no CA of ours, a lifetime or a number of entries past its
// bound, a serial number twice.
Result<Bytes> crl_tbs(const CrlRequest& request);

// TBSCertList + raw r ‖ s → CertificateList, DER.
Result<Bytes> assemble_crl(ByteView tbs, ByteView raw_signature);

// Is this a TBSCertList rather than a TBSCertificate of ours? By its first member alone.
bool is_crl_tbs(ByteView tbs);

struct CrlFacts {
    Bytes issuer_key_id;  // must be key_identifier of the CA key
    std::uint64_t number = 0;
    std::int64_t this_update = 0;  // to be compared with the reader's own clock
    std::int64_t next_update = 0;
    std::vector<RevokedCertificate> revoked;  // by serial number
};
// The keys worker's check before the CA key signs: refuses (Code::denied) whatever differs by one
// byte from what crl_tbs would build.
Result<CrlFacts> check_crl_tbs(ByteView tbs);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_CRL_H
