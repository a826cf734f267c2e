#include "core/tpm2/unmarshal.h"

#include <tss2/tss2_mu.h>

#include <algorithm>
#include <string>

#include "core/crypto/hash.h"

namespace holdfast::tpm2 {
namespace {

Error malformed(std::string_view what, std::string_view why) {
    return {Code::invalid, std::string(what) + ": " + std::string(why)};
}

// Marshals again and compares: whatever libtss2-mu tolerates, there is one encoding per value.
template <class T, class Unmarshal, class Marshal>
Result<T> strictly(std::string_view what, ByteView bytes, Unmarshal unmarshal, Marshal marshal) {
    if (bytes.empty()) return malformed(what, "empty");
    if (bytes.size() > sizeof(T)) return malformed(what, "longer than the structure can be");
    T value{};
    std::size_t offset = 0;
    if (unmarshal(bytes.data(), bytes.size(), &offset, &value) != TSS2_RC_SUCCESS)
        return malformed(what, "not such a structure");
    if (offset != bytes.size()) return malformed(what, "bytes left over");
    Bytes again(bytes.size());
    offset = 0;
    if (marshal(&value, again.data(), again.size(), &offset) != TSS2_RC_SUCCESS ||
        offset != bytes.size() || !std::ranges::equal(again, bytes))
        return malformed(what, "not in its one encoding");
    return value;
}

}  // namespace

Result<TPMT_PUBLIC> unmarshal_public(ByteView bytes) {
    return strictly<TPMT_PUBLIC>("TPMT_PUBLIC", bytes, ::Tss2_MU_TPMT_PUBLIC_Unmarshal,
                                 ::Tss2_MU_TPMT_PUBLIC_Marshal);
}

Result<TPMS_NV_PUBLIC> unmarshal_nv_public(ByteView bytes) {
    return strictly<TPMS_NV_PUBLIC>("TPMS_NV_PUBLIC", bytes, ::Tss2_MU_TPMS_NV_PUBLIC_Unmarshal,
                                    ::Tss2_MU_TPMS_NV_PUBLIC_Marshal);
}

Result<TPMS_ATTEST> unmarshal_attest(ByteView bytes) {
    return strictly<TPMS_ATTEST>("TPMS_ATTEST", bytes, ::Tss2_MU_TPMS_ATTEST_Unmarshal,
                                 ::Tss2_MU_TPMS_ATTEST_Marshal);
}

Result<TPMT_SIGNATURE> unmarshal_signature(ByteView bytes) {
    return strictly<TPMT_SIGNATURE>("TPMT_SIGNATURE", bytes, ::Tss2_MU_TPMT_SIGNATURE_Unmarshal,
                                    ::Tss2_MU_TPMT_SIGNATURE_Marshal);
}

std::string_view hash_name(std::uint16_t algorithm) noexcept {
    switch (algorithm) {
        case TPM2_ALG_SHA1: return "SHA1";
        case TPM2_ALG_SHA256: return "SHA256";
        case TPM2_ALG_SHA384: return "SHA384";
        case TPM2_ALG_SHA512: return "SHA512";
        default: return {};
    }
}

Result<Bytes> name_of(std::uint16_t name_alg, ByteView structure) {
    HOLDFAST_TRY(digest, crypto::hash(hash_name(name_alg), {structure}));
    Bytes name = {static_cast<std::uint8_t>(name_alg >> 8U),
                  static_cast<std::uint8_t>(name_alg & 0xFFU)};
    name.insert(name.end(), digest.begin(), digest.end());
    return name;
}

}  // namespace holdfast::tpm2
