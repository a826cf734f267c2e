#include "hsm/pkcs11/mechanisms.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <string>

#include "hsm/pkcs11/error.h"

namespace holdfast::hsm::pkcs11 {
namespace {

constexpr std::array table = {
    Wanted{KeyAlgorithm::es256, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKK_EC, 256},
    Wanted{KeyAlgorithm::es384, CKM_EC_KEY_PAIR_GEN, CKM_ECDSA, CKK_EC, 384},
    Wanted{KeyAlgorithm::ed25519, CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CKK_EC_EDWARDS, 256},
    Wanted{KeyAlgorithm::ps256_2048, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS, CKK_RSA, 2048},
    Wanted{KeyAlgorithm::ps256_3072, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS_PSS, CKK_RSA, 3072},
    Wanted{KeyAlgorithm::rs256_2048, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKK_RSA, 2048},
    Wanted{KeyAlgorithm::rs256_3072, CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_RSA_PKCS, CKK_RSA, 3072},
};

// PKCS#11 v2.40, 2.3: p11-kit's header lacks these two.
constexpr CK_FLAGS binary_fields = 1UL << 21U;        // CKF_EC_F_2M
constexpr CK_FLAGS explicit_parameters = 1UL << 22U;  // CKF_EC_ECPARAMETERS

// Some tokens leave the range of curves at 0, and Ed25519's field has 255 bits.
bool has_size(const CK_MECHANISM_INFO& info, const Wanted& wanted) noexcept {
    const bool is_edwards = wanted.key_type == CKK_EC_EDWARDS;
    if (info.ulMaxKeySize == 0) return !is_rsa(wanted.algorithm);
    const unsigned long least = is_edwards ? wanted.bits - 1 : wanted.bits;
    return info.ulMinKeySize <= wanted.bits && info.ulMaxKeySize >= least;
}

// A token that says nothing of its curves may have them; what it says is believed.
bool has_curve(const CK_MECHANISM_INFO& info, const Wanted& wanted) noexcept {
    if (wanted.key_type != CKK_EC) return true;
    const CK_FLAGS fields = info.flags & (CKF_EC_F_P | binary_fields);
    const CK_FLAGS names = info.flags & (CKF_EC_NAMEDCURVE | explicit_parameters);
    return (fields == 0 || (fields & CKF_EC_F_P) != 0) &&
           (names == 0 || (names & CKF_EC_NAMEDCURVE) != 0);
}

bool can(const std::vector<Mechanism>& mechanisms, CK_MECHANISM_TYPE type, CK_FLAGS flag,
         const Wanted& wanted) {
    return std::any_of(mechanisms.begin(), mechanisms.end(), [&](const Mechanism& mechanism) {
        return mechanism.type == type && (mechanism.info.flags & flag) != 0 &&
               has_size(mechanism.info, wanted) && has_curve(mechanism.info, wanted);
    });
}

Result<std::vector<CK_MECHANISM_TYPE>> types_of(const Module& module, CK_SLOT_ID slot) {
    const auto list = [&](CK_MECHANISM_TYPE* into, CK_ULONG* count) {
        return check("C_GetMechanismList", module.calls().C_GetMechanismList(slot, into, count));
    };
    CK_ULONG count = 0;
    HOLDFAST_CHECK(list(nullptr, &count));
    if (count > max_mechanisms)
        return Error(Code::invalid,
                     "the token has more than " + std::to_string(max_mechanisms) + " mechanisms");
    std::vector<CK_MECHANISM_TYPE> types(max_mechanisms);
    count = types.size();
    HOLDFAST_CHECK(list(types.data(), &count));
    types.resize(std::min(types.size(), count));
    return types;
}

}  // namespace

bool is_rsa(KeyAlgorithm algorithm) noexcept {
    return wanted_for(algorithm).key_type == CKK_RSA;
}

const Wanted& wanted_for(KeyAlgorithm algorithm) noexcept {
    const auto* const found =
        std::find_if(table.begin(), table.end(),
                     [algorithm](const Wanted& row) { return row.algorithm == algorithm; });
    assert(found != table.end());
    return *found;
}

Result<std::vector<Mechanism>> mechanisms_of(const Module& module, CK_SLOT_ID slot) {
    HOLDFAST_TRY(types, types_of(module, slot));
    std::vector<Mechanism> mechanisms;
    for (const CK_MECHANISM_TYPE type : types) {
        Mechanism mechanism{.type = type};
        const CK_RV code = module.calls().C_GetMechanismInfo(slot, type, &mechanism.info);
        if (code == CKR_MECHANISM_INVALID) continue;  // listed, yet not to be had
        HOLDFAST_CHECK(check("C_GetMechanismInfo", code));
        mechanisms.push_back(mechanism);
    }
    return mechanisms;
}

std::vector<KeyAlgorithm> algorithms_of(const std::vector<Mechanism>& mechanisms) {
    std::vector<KeyAlgorithm> algorithms;
    for (const Wanted& wanted : table)
        if (can(mechanisms, wanted.generate, CKF_GENERATE_KEY_PAIR, wanted) &&
            can(mechanisms, wanted.sign, CKF_SIGN, wanted))
            algorithms.push_back(wanted.algorithm);
    return algorithms;
}

}  // namespace holdfast::hsm::pkcs11
