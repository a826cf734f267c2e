#include "core/tpm2/policy.h"

#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <array>
#include <bit>

#include "core/crypto/hash.h"
#include "core/tpm2/structures.h"

namespace holdfast::tpm2 {
namespace {

void append(Bytes& out, std::uint64_t value, unsigned bytes) {
    for (unsigned left = bytes; left > 0; --left)
        out.push_back(static_cast<std::uint8_t>(value >> (8U * (left - 1U))));
}

// A bank term looks at one bit only; any other mask would name somebody else's fuse too.
Done check(const Fuse& fuse, const NvPublic& index) {
    if (index.index != fuse.nv_index)
        return Error(Code::invalid, "fuse: the NV public area is of another index");
    if (index.data_size != sizeof(std::uint64_t))
        return Error(Code::invalid, "fuse: an NV counter or bank holds 8 bytes");
    if (fuse.kind == FuseKind::bank && std::popcount(fuse.value) != 1)
        return Error(Code::invalid, "fuse: a bank fuse is exactly one bit");
    return done();
}

// PolicyNV: policyDigest = H(old ‖ TPM_CC_PolicyNV ‖ args ‖ nvName), where
// args = H(operandB ‖ offset ‖ operation). TPM 2.0 Part 3, 23.9.
Result<Bytes> extended(const Bytes& old, const Fuse& fuse) {
    HOLDFAST_TRY(index, read_nv_public(fuse.nv_public));
    HOLDFAST_CHECK(check(fuse, index));
    const bool bank = fuse.kind == FuseKind::bank;
    Bytes arguments;
    append(arguments, fuse.value, 8);
    append(arguments, 0, 2);  // offset
    append(arguments, bank ? TPM2_EO_BITCLEAR : TPM2_EO_EQ, 2);
    HOLDFAST_TRY(args, crypto::hash("SHA256", {arguments}));
    Bytes command;
    append(command, TPM2_CC_PolicyNV, 4);
    return crypto::hash("SHA256", {old, command, args, index.name});
}

}  // namespace

Result<Sha256> fuse_policy(std::span<const Fuse> fuses) {
    Bytes policy(sizeof(Sha256), 0);
    for (const Fuse& fuse : fuses) {
        if (fuse.kind == FuseKind::none) continue;
        // As an agent fuse, `host` says that there is none of its own: the host term stands alone.
        if (fuse.kind == FuseKind::host && fuse.nv_public.empty()) continue;
        HOLDFAST_TRY(next, extended(policy, fuse));
        policy = std::move(next);
    }
    Sha256 digest{};
    std::ranges::copy(policy, digest.begin());
    return digest;
}

}  // namespace holdfast::tpm2
