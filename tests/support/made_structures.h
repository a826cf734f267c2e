// TPM structures as a TPM would make them, for the software attester.
#ifndef HOLDFAST_TESTS_SUPPORT_MADE_STRUCTURES_H
#define HOLDFAST_TESTS_SUPPORT_MADE_STRUCTURES_H

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <stdexcept>

#include "core/tpm2/structures.h"
#include "holdfast/register.h"

namespace holdfast::tests {

constexpr std::uint32_t simulated_resets = 12;  // what every statement says of resetCount

template <class T>
T must(Result<T> result) {
    if (!result) throw std::runtime_error(result.error().text());
    return *std::move(result);
}

template <class T, class Marshal>
Bytes marshalled(const T& value, Marshal marshal) {
    Bytes bytes(sizeof(T) + 64);
    std::size_t size = 0;
    if (marshal(&value, bytes.data(), bytes.size(), &size) != TSS2_RC_SUCCESS)
        throw std::runtime_error("marshalling a TPM structure");
    bytes.resize(size);
    return bytes;
}

template <class Sized>
void set_buffer(Sized& sized, ByteView bytes) {
    sized.size = static_cast<UINT16>(bytes.size());
    std::ranges::copy(bytes, sized.buffer);
}

inline void set_name(TPM2B_NAME& name, ByteView bytes) {
    name.size = static_cast<UINT16>(bytes.size());
    std::ranges::copy(bytes, name.name);
}

inline TPMS_NV_PUBLIC index_area(std::uint32_t index, TPM2_NT type) {
    TPMS_NV_PUBLIC area{};
    area.nvIndex = index;
    area.nameAlg = TPM2_ALG_SHA256;
    area.attributes = TPMA_NV_OWNERWRITE | TPMA_NV_AUTHWRITE | TPMA_NV_OWNERREAD |
                      TPMA_NV_AUTHREAD | TPMA_NV_NO_DA | TPMA_NV_WRITTEN |
                      (static_cast<TPMA_NV>(type) << TPMA_NV_TPM2_NT_SHIFT);
    area.dataSize = 8;
    return area;
}

template <class Bend, class T>
void offer(const Bend& bend, T& value) {
    if (bend) bend(value);
}

inline Bytes name_of(ByteView nv_public) {
    const auto index = tpm2::read_nv_public(nv_public);
    return index ? index->name : Bytes(34, 0);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_MADE_STRUCTURES_H
