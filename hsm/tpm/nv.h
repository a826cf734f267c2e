// NV indices: defining, counting, setting bits, reading. Each call names its index and auth value.
#ifndef HOLDFAST_HSM_TPM_NV_H
#define HOLDFAST_HSM_TPM_NV_H

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/handles.h"

namespace holdfast::hsm {

struct NvAccess {
    TPM2_HANDLE index;
    ByteView auth;  // the index's own authValue
};

// Owner auth. busy with reason tpm_nv_full, conflict with tpm_nv_taken.
Done nv_define(Connection& tpm, const TPMS_NV_PUBLIC& wanted, ByteView auth);
// Owner auth. Done when there is no such index.
Done nv_undefine(Connection& tpm, TPM2_HANDLE index);

// not_found with reason tpm_handle_gone when it is not defined.
Result<TPMS_NV_PUBLIC> nv_public(Connection& tpm, TPM2_HANDLE index);
// Defined indices in first…last, in order.
Result<std::vector<TPM2_HANDLE>> nv_indices(Connection& tpm, TPM2_HANDLE first, TPM2_HANDLE last);

// Not repeated by us after a lost connection: the outcome is then unknown, read it back.
Done nv_increment(Connection& tpm, const NvAccess& counter);
Done nv_set_bits(Connection& tpm, const NvAccess& bank, std::uint64_t bits);

// The same with owner auth: for an index whose own auth value is not known here.
Done nv_increment_by_owner(Connection& tpm, TPM2_HANDLE counter);
Result<std::uint64_t> nv_value_by_owner(Connection& tpm, TPM2_HANDLE index);

// A counter or a bank: eight bytes, big-endian.
Result<std::uint64_t> nv_value(Connection& tpm, const NvAccess& index);
Result<Bytes> nv_bytes(Connection& tpm, const NvAccess& index, std::uint16_t size);

// The same of an index that is open already, its auth value set. While it is, nobody may open it a
// second time: ESYS 3 has one object for each index, which the first to close it takes away.
Result<TPMS_NV_PUBLIC> nv_public(Connection& tpm, const Lasting& index);
Result<Bytes> nv_bytes(Connection& tpm, const Lasting& index, std::uint16_t size);
// new = H(old ‖ data). One command; nothing of `data` stays behind here.
Done nv_extend(Connection& tpm, const Lasting& index, ByteView data);

// The ESYS object of an index with its auth value set.
Result<Lasting> nv_open(Connection& tpm, const NvAccess& access);

Bytes big_endian(std::uint64_t value);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_NV_H
