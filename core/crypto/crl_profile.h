// The profile of our revocation lists as DER, built from few values: see svid_profile.h.
#ifndef HOLDFAST_CORE_CRYPTO_CRL_PROFILE_H
#define HOLDFAST_CORE_CRYPTO_CRL_PROFILE_H

#include "core/crypto/crl.h"
#include "core/crypto/openssl.h"

namespace holdfast::crypto {

using CrlObject = Openssl<X509_CRL, ::X509_CRL_free>;

// Exactly one CertificateList, no trailing bytes.
Result<CrlObject> crl_of(ByteView der);

// TBSCertList of exactly these values; entries must be sorted by serial number.
Result<Bytes> crl_tbs_of(const CrlFacts& facts);

}  // namespace holdfast::crypto

#endif  // HOLDFAST_CORE_CRYPTO_CRL_PROFILE_H
