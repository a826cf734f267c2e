// The agent key and its fuses: where the key lives, what can use it, and whether it still can.
#ifndef HOLDFAST_ATTEST_VERIFY_KEY_H
#define HOLDFAST_ATTEST_VERIFY_KEY_H

#include <string>

#include "attest/verify/sheet.h"
#include "core/tpm2/structures.h"
#include "holdfast/custody.h"

namespace holdfast::attest {

// key.attributes, key.scheme, key.description: the public area itself.
void check_key(Sheet& sheet, const KeyDescription& key, const tpm2::Public& area);

// key.policy and fuse.kind: the authPolicy is that of exactly the fuses shown.
void check_policy(Sheet& sheet, const KeyDescription& key, const tpm2::Public& area);

// <rule>.attributes: an NV index that nothing but an increment can change.
void check_fuse_index(Sheet& sheet, const std::string& rule, const Fuse& fuse);

// <rule>.name and .intact: the TPM read this very index, and its value still lets the key sign.
void check_fuse_value(Sheet& sheet, const std::string& rule, const Fuse& fuse,
                      const tpm2::NvCertifyInfo& certified);

// A key whose chip had no room for a fuse of its own.
inline bool has_own_fuse(const KeyDescription& key) noexcept {
    return key.agent_fuse.kind == FuseKind::counter || key.agent_fuse.kind == FuseKind::bank;
}

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_KEY_H
