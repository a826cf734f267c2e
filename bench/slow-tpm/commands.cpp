#include "bench/slow-tpm/commands.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

namespace holdfast::bench {
namespace {

struct Command {
    std::uint32_t code;
    std::string_view name;
    Weight weight;
};

// TPM 2.0 Part 2, 6.5.2; the names without "TPM2_".
constexpr std::array commands = {
    Command{0x120, "EvictControl", Weight::heavy},
    Command{0x122, "NV_UndefineSpace", Weight::heavy},
    Command{0x126, "Clear", Weight::making},
    Command{0x129, "HierarchyChangeAuth", Weight::heavy},
    Command{0x12A, "NV_DefineSpace", Weight::heavy},
    Command{0x131, "CreatePrimary", Weight::making},
    Command{0x134, "NV_Increment", Weight::heavy},
    Command{0x135, "NV_SetBits", Weight::heavy},
    Command{0x136, "NV_Extend", Weight::light},  // ours are orderly: RAM, not flash
    Command{0x137, "NV_Write", Weight::heavy},
    Command{0x13B, "NV_ChangeAuth", Weight::heavy},
    Command{0x143, "SelfTest", Weight::heavy},
    Command{0x144, "Startup", Weight::light},
    Command{0x145, "Shutdown", Weight::heavy},
    Command{0x147, "ActivateCredential", Weight::heavy},
    Command{0x148, "Certify", Weight::heavy},
    Command{0x149, "PolicyNV", Weight::light},
    Command{0x14A, "CertifyCreation", Weight::heavy},
    Command{0x14C, "GetTime", Weight::heavy},
    Command{0x14E, "NV_Read", Weight::light},
    Command{0x150, "ObjectChangeAuth", Weight::heavy},
    Command{0x151, "PolicySecret", Weight::light},
    Command{0x153, "Create", Weight::making},
    Command{0x154, "ECDH_ZGen", Weight::heavy},
    Command{0x156, "Import", Weight::heavy},
    Command{0x157, "Load", Weight::heavy},
    Command{0x158, "Quote", Weight::heavy},
    Command{0x159, "RSA_Decrypt", Weight::heavy},
    Command{0x15D, "Sign", Weight::heavy},
    Command{0x15E, "Unseal", Weight::light},
    Command{0x160, "PolicySigned", Weight::heavy},
    Command{0x161, "ContextLoad", Weight::light},
    Command{0x162, "ContextSave", Weight::light},
    Command{0x163, "ECDH_KeyGen", Weight::heavy},
    Command{0x165, "FlushContext", Weight::light},
    Command{0x167, "LoadExternal", Weight::light},
    Command{0x169, "NV_ReadPublic", Weight::light},
    Command{0x16B, "PolicyAuthValue", Weight::light},
    Command{0x16C, "PolicyCommandCode", Weight::light},
    Command{0x171, "PolicyOR", Weight::light},
    Command{0x173, "ReadPublic", Weight::light},
    Command{0x174, "RSA_Encrypt", Weight::light},
    Command{0x176, "StartAuthSession", Weight::light},
    Command{0x177, "VerifySignature", Weight::heavy},
    Command{0x17A, "GetCapability", Weight::light},
    Command{0x17B, "GetRandom", Weight::light},
    Command{0x17D, "Hash", Weight::light},
    Command{0x17E, "PCR_Read", Weight::light},
    Command{0x17F, "PolicyPCR", Weight::light},
    Command{0x180, "PolicyRestart", Weight::light},
    Command{0x181, "ReadClock", Weight::light},
    Command{0x182, "PCR_Extend", Weight::light},
    Command{0x184, "NV_Certify", Weight::heavy},
    Command{0x189, "PolicyGetDigest", Weight::light},
    Command{0x191, "CreateLoaded", Weight::making},
};

const Command* find(std::uint32_t code) noexcept {
    const auto* found = std::find_if(commands.begin(), commands.end(),
                                     [&](const Command& known) { return known.code == code; });
    return found == commands.end() ? nullptr : found;
}

bool same_letter(char left, char right) noexcept {
    return std::tolower(static_cast<unsigned char>(left)) ==
           std::tolower(static_cast<unsigned char>(right));
}

}  // namespace

Weight weight_of(std::uint32_t code) noexcept {
    const Command* known = find(code);
    return known == nullptr ? Weight::light : known->weight;
}

std::string name_of(std::uint32_t code) {
    if (const Command* known = find(code)) return std::string(known->name);
    std::array<char, 11> text{};
    (void)std::snprintf(text.data(), text.size(), "0x%08x", static_cast<unsigned>(code));
    return text.data();
}

std::optional<std::uint32_t> command_named(std::string_view name) noexcept {
    for (const Command& known : commands)
        if (std::equal(name.begin(), name.end(), known.name.begin(), known.name.end(), same_letter))
            return known.code;
    return std::nullopt;
}

}  // namespace holdfast::bench
