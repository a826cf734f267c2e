// TPM structures from bytes, with nothing left over and nothing that would be written differently.
#ifndef HOLDFAST_CORE_TPM2_UNMARSHAL_H
#define HOLDFAST_CORE_TPM2_UNMARSHAL_H

#include <tss2/tss2_tpm2_types.h>

#include <initializer_list>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::tpm2 {

Result<TPMT_PUBLIC> unmarshal_public(ByteView bytes);
Result<TPMS_NV_PUBLIC> unmarshal_nv_public(ByteView bytes);
Result<TPMS_ATTEST> unmarshal_attest(ByteView bytes);
Result<TPMT_SIGNATURE> unmarshal_signature(ByteView bytes);

// nameAlg ‖ H(pieces): TPM 2.0 Part 1, 16.
Result<Bytes> name_of(std::uint16_t name_alg, std::initializer_list<ByteView> pieces);

// The buffer of any TPM2B.
template <class Sized>
ByteView view_of_sized(const Sized& sized) noexcept {
    return {sized.buffer, sized.size};
}

}  // namespace holdfast::tpm2

#endif  // HOLDFAST_CORE_TPM2_UNMARSHAL_H
