// Which algorithms a token can make keys for and sign with, and how each is asked for.
#ifndef HOLDFAST_HSM_PKCS11_MECHANISMS_H
#define HOLDFAST_HSM_PKCS11_MECHANISMS_H

#include <p11-kit/pkcs11.h>

#include <vector>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/module.h"

namespace holdfast::hsm::pkcs11 {

inline constexpr std::size_t max_mechanisms = 1024;

// One algorithm as PKCS#11 has it.
struct Wanted {
    KeyAlgorithm algorithm;
    CK_MECHANISM_TYPE generate;
    CK_MECHANISM_TYPE sign;
    CK_KEY_TYPE key_type;
    unsigned long bits;  // as CK_MECHANISM_INFO counts them
};
const Wanted& wanted_for(KeyAlgorithm algorithm) noexcept;
bool is_rsa(KeyAlgorithm algorithm) noexcept;

struct Mechanism {
    CK_MECHANISM_TYPE type = 0;
    CK_MECHANISM_INFO info{};
};
// invalid when there are more than max_mechanisms.
Result<std::vector<Mechanism>> mechanisms_of(const Module& module, CK_SLOT_ID slot);

// CKF_GENERATE_KEY_PAIR and CKF_SIGN, the size in the token's range, named prime curves.
std::vector<KeyAlgorithm> algorithms_of(const std::vector<Mechanism>& mechanisms);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_MECHANISMS_H
