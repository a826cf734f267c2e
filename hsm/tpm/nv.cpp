#include "hsm/tpm/nv.h"

#include <algorithm>

#include "hsm/tpm/marshal.h"

namespace holdfast::hsm {
namespace {

constexpr std::uint16_t nv_chunk = 512;  // TPM2_PT_NV_BUFFER_MAX is at least this

// `authority`: the index itself, or the owner.
Done increment_as(Connection& tpm, ESYS_TR authority, const Lasting& counter) {
    return tpm.run("Esys_NV_Increment", [&] {
        return ::Esys_NV_Increment(tpm.esys(), authority, counter.handle(), ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE);
    });
}

Result<Bytes> read_as(Connection& tpm, ESYS_TR authority, const Lasting& index,
                      std::uint16_t size) {
    Bytes bytes;
    while (bytes.size() < size) {
        const auto offset = static_cast<std::uint16_t>(bytes.size());
        const auto wanted =
            std::min<std::uint16_t>(static_cast<std::uint16_t>(size - offset), nv_chunk);
        Owned<TPM2B_MAX_NV_BUFFER, ::Esys_Free> chunk;
        HOLDFAST_CHECK(tpm.run("Esys_NV_Read", [&] {
            return ::Esys_NV_Read(tpm.esys(), authority, index.handle(), ESYS_TR_PASSWORD,
                                  ESYS_TR_NONE, ESYS_TR_NONE, wanted, offset, out(chunk));
        }));
        if (chunk->size != wanted) return Error(Code::unavailable, "NV_Read: a short answer");
        const Bytes part = bytes_of_sized(*chunk);
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

std::uint64_t number_of(const Bytes& bytes) {
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = (value << 8U) | byte;
    return value;
}

}  // namespace

Bytes big_endian(std::uint64_t value) {
    Bytes bytes(sizeof value);
    for (auto byte = bytes.rbegin(); byte != bytes.rend(); ++byte, value >>= 8U)
        *byte = static_cast<std::uint8_t>(value & 0xFFU);
    return bytes;
}

Done nv_define(Connection& tpm, const TPMS_NV_PUBLIC& wanted, ByteView auth) {
    HOLDFAST_TRY(secret, sized<TPM2B_AUTH>(auth));
    TPM2B_NV_PUBLIC area{};
    area.nvPublic = wanted;
    ESYS_TR made = ESYS_TR_NONE;
    HOLDFAST_CHECK(tpm.run("Esys_NV_DefineSpace", [&] {
        return ::Esys_NV_DefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                     ESYS_TR_NONE, &secret, &area, &made);
    }));
    const Lasting closes(tpm, made);
    return done();
}

Done nv_undefine(Connection& tpm, TPM2_HANDLE index) {
    auto found = lasting(tpm, index);
    if (!found && is(found.error(), gone)) return done();
    if (!found) return std::move(found).error();
    HOLDFAST_CHECK(tpm.run("Esys_NV_UndefineSpace", [&] {
        return ::Esys_NV_UndefineSpace(tpm.esys(), ESYS_TR_RH_OWNER, found->handle(),
                                       ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE);
    }));
    found->forget();
    return done();
}

Result<TPMS_NV_PUBLIC> nv_public(Connection& tpm, TPM2_HANDLE index) {
    HOLDFAST_TRY(found, lasting(tpm, index));
    return nv_public(tpm, found);
}

Result<TPMS_NV_PUBLIC> nv_public(Connection& tpm, const Lasting& index) {
    Owned<TPM2B_NV_PUBLIC, ::Esys_Free> area;
    Owned<TPM2B_NAME, ::Esys_Free> name;
    HOLDFAST_CHECK(tpm.run("Esys_NV_ReadPublic", [&] {
        return ::Esys_NV_ReadPublic(tpm.esys(), index.handle(), ESYS_TR_NONE, ESYS_TR_NONE,
                                    ESYS_TR_NONE, out(area), out(name));
    }));
    return area->nvPublic;
}

Result<std::vector<TPM2_HANDLE>> nv_indices(Connection& tpm, TPM2_HANDLE first, TPM2_HANDLE last) {
    std::vector<TPM2_HANDLE> indices;
    TPMI_YES_NO more = TPM2_YES;
    while (more == TPM2_YES && first <= last) {
        Owned<TPMS_CAPABILITY_DATA, ::Esys_Free> data;
        HOLDFAST_CHECK(tpm.run("Esys_GetCapability", [&] {
            return ::Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                        TPM2_CAP_HANDLES, first, TPM2_MAX_CAP_HANDLES, &more,
                                        out(data));
        }));
        const TPML_HANDLE& found = data->data.handles;
        for (UINT32 i = 0; i < found.count; ++i)
            if (found.handle[i] <= last) indices.push_back(found.handle[i]);
        if (found.count == 0) break;
        first = found.handle[found.count - 1] + 1;
    }
    return indices;
}

Result<Lasting> nv_open(Connection& tpm, const NvAccess& access) {
    HOLDFAST_TRY(found, lasting(tpm, access.index));
    HOLDFAST_TRY(secret, sized<TPM2B_AUTH>(access.auth));
    HOLDFAST_CHECK(
        check("Esys_TR_SetAuth", ::Esys_TR_SetAuth(tpm.esys(), found.handle(), &secret)));
    return found;
}

Done nv_increment(Connection& tpm, const NvAccess& counter) {
    HOLDFAST_TRY(found, nv_open(tpm, counter));
    return increment_as(tpm, found.handle(), found);
}

Done nv_increment_by_owner(Connection& tpm, TPM2_HANDLE counter) {
    HOLDFAST_TRY(found, lasting(tpm, counter));
    return increment_as(tpm, ESYS_TR_RH_OWNER, found);
}

Done nv_set_bits(Connection& tpm, const NvAccess& bank, std::uint64_t bits) {
    HOLDFAST_TRY(found, nv_open(tpm, bank));
    return tpm.run("Esys_NV_SetBits", [&] {
        return ::Esys_NV_SetBits(tpm.esys(), found.handle(), found.handle(), ESYS_TR_PASSWORD,
                                 ESYS_TR_NONE, ESYS_TR_NONE, bits);
    });
}

Done nv_extend(Connection& tpm, const Lasting& index, ByteView data) {
    HOLDFAST_TRY(buffer, sized<TPM2B_MAX_NV_BUFFER>(data));
    auto extended = tpm.run("Esys_NV_Extend", [&] {
        return ::Esys_NV_Extend(tpm.esys(), index.handle(), index.handle(), ESYS_TR_PASSWORD,
                                ESYS_TR_NONE, ESYS_TR_NONE, &buffer);
    });
    // Through a volatile pointer, so that the compiler cannot drop it.
    volatile BYTE* byte = static_cast<BYTE*>(buffer.buffer);
    for (std::size_t i = 0; i < data.size(); ++i)
        byte[i] = 0;
    return extended;
}

Result<Bytes> nv_bytes(Connection& tpm, const NvAccess& index, std::uint16_t size) {
    HOLDFAST_TRY(found, nv_open(tpm, index));
    return nv_bytes(tpm, found, size);
}

Result<Bytes> nv_bytes(Connection& tpm, const Lasting& index, std::uint16_t size) {
    return read_as(tpm, index.handle(), index, size);
}

Result<std::uint64_t> nv_value(Connection& tpm, const NvAccess& index) {
    HOLDFAST_TRY(bytes, nv_bytes(tpm, index, sizeof(std::uint64_t)));
    return number_of(bytes);
}

Result<std::uint64_t> nv_value_by_owner(Connection& tpm, TPM2_HANDLE index) {
    HOLDFAST_TRY(found, lasting(tpm, index));
    HOLDFAST_TRY(bytes, read_as(tpm, ESYS_TR_RH_OWNER, found, sizeof(std::uint64_t)));
    return number_of(bytes);
}

}  // namespace holdfast::hsm
