// What a host's CA key signs besides certificates: revocation lists and tombstones.
#ifndef HOLDFAST_HSM_CA_FAMILIES_H
#define HOLDFAST_HSM_CA_FAMILIES_H

#include "hsm/families.h"

namespace holdfast::hsm {

// Above it no CRLNumber is signed: who keeps the highest one takes no list below it. Ten years of
// seconds more than the clock says, for one that was ahead.
constexpr std::uint64_t max_crl_number(std::int64_t now) noexcept {
    constexpr std::uint64_t ten_years = 3650UL * 24 * 3600;
    return static_cast<std::uint64_t>(now < 0 ? 0 : now) + ten_years;
}

// The TBSCertList of core/crypto/crl's profile, under this CA key, valid now, its number at most
// max_crl_number. Which certificates are on it is the front's word: the keys worker knows no serial
// numbers.
Done check_crl_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules);

// JWS signing input, typ holdfast-tombstone+jwt, alg and kid the CA key's, x5c its one certificate;
// an agent of this host, its thumbprint that of its key; made within the last clock_skew seconds.
// One that says `blown` is refused while that key is a live one here, under any name.
Done check_tombstone_family(const KeyDescription& key, ByteView preimage, const FamilyRules& rules);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_CA_FAMILIES_H
