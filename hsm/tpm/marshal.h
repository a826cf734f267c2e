// TSS structures as bytes and back, through the library's own marshalling.
#ifndef HOLDFAST_HSM_TPM_MARSHAL_H
#define HOLDFAST_HSM_TPM_MARSHAL_H

#include <tss2/tss2_common.h>
#include <tss2/tss2_mu.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <type_traits>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/error.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_marshalled = 4096;  // TPM2_MAX_RESPONSE_SIZE

// marshalled<::Tss2_MU_TPMT_PUBLIC_Marshal>(area)
template <auto Marshal, class T>
Result<Bytes> marshalled(const T& value) {
    Bytes bytes(max_marshalled);
    std::size_t used = 0;
    HOLDFAST_CHECK(check("marshal", Marshal(&value, bytes.data(), bytes.size(), &used)));
    bytes.resize(used);
    return bytes;
}

// Trailing bytes are refused.
template <auto Unmarshal, class T>
Result<T> unmarshalled(ByteView bytes) {
    T value{};
    std::size_t used = 0;
    const TSS2_RC code = Unmarshal(bytes.data(), bytes.size(), &used, &value);
    if (code != TSS2_RC_SUCCESS || used != bytes.size())
        return Error(Code::invalid, "a TPM structure does not parse");
    return value;
}

// Any TPM2B with a byte buffer (TPM2B_DIGEST, TPM2B_AUTH, TPM2B_DATA …).
template <class Buffer>
Result<Buffer> sized(ByteView bytes) {
    Buffer out{};
    if (bytes.size() > sizeof(out.buffer)) return Error(Code::invalid, "too long for the TPM");
    out.size = static_cast<UINT16>(bytes.size());
    std::copy(bytes.begin(), bytes.end(), static_cast<std::uint8_t*>(out.buffer));
    return out;
}

template <class Buffer>
Bytes bytes_of_sized(const Buffer& buffer) {
    const auto* start = static_cast<const std::uint8_t*>(buffer.buffer);
    return {start, start + buffer.size};
}

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_MARSHAL_H
