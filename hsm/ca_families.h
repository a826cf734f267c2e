// What a host's CA key signs besides certificates: revocation lists and tombstones.
#ifndef HOLDFAST_HSM_CA_FAMILIES_H
#define HOLDFAST_HSM_CA_FAMILIES_H

#include "hsm/families.h"

namespace holdfast::hsm {

// The TBSCertList of core/crypto/crl's profile, under this CA key, valid now. Which certificates
// are on it is the front's word: the keys worker knows no serial numbers.
Done check_crl_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules);

// JWS signing input, typ holdfast-tombstone+jwt, alg and kid the CA key's, x5c its one certificate;
// an agent of this host, its thumbprint that of its key. One that says `blown` is refused while
// that key is a live one here.
Done check_tombstone_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_CA_FAMILIES_H
