// Custody: where a private key lives, what it may sign, and what can end it.
#ifndef HOLDFAST_CUSTODY_H
#define HOLDFAST_CUSTODY_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast {

// A claim of the host until a verifier has chained the EK certificate to a root it accepts.
enum class Custody : std::uint8_t {
    unproven = 1,
    tpm = 2,
    hsm = 3,
    software_tpm = 4,
    software_hsm = 5,
    tpm_virtual = 6,
};
std::string_view to_string(Custody custody) noexcept;
Result<Custody> parse_custody(std::string_view text);

// Each key has exactly one; the keys worker refuses bytes of another family.
enum class Purpose : std::uint8_t { action = 1, certificate = 2, checkpoint = 3, attest = 4 };
std::string_view to_string(Purpose purpose) noexcept;
Result<Purpose> parse_purpose(std::string_view text);

enum class FuseKind : std::uint8_t {
    none = 0,     // AK and ledger key: they must still attest after everything else is dead
    counter = 1,  // one NV counter for this key; the chip refuses the key once it moves
    bank = 2,     // one bit of a shared NV BITS bank: owner auth can redefine the bank
    host = 3,     // the chip had no room: only the host fuse guards this key
};
std::string_view to_string(FuseKind kind) noexcept;
Result<FuseKind> parse_fuse_kind(std::string_view text);

// One term of a key's authPolicy: PolicyNV(index, operand, operation), TPM 2.0 Part 3, 23.9.
struct Fuse {
    FuseKind kind = FuseKind::none;
    std::uint32_t nv_index = 0;
    std::uint64_t value = 0;  // counter: its value at creation; bank: the mask with the key's bit
    Bytes nv_public;          // TPMS_NV_PUBLIC, marshalled, WRITTEN set: its Name is in the policy
};

// What is known of a key without being able to use it.
struct KeyDescription {
    std::string id;     // stem of its blob: "agent-deploy-bot-1", "ca", "ledger", "ak"
    std::string agent;  // agent name; empty for the host's own keys
    Purpose purpose = Purpose::action;
    Bytes spki;        // SubjectPublicKeyInfo, DER (RFC 5280 §4.1)
    Bytes tpm_public;  // TPMT_PUBLIC, marshalled; empty outside a TPM
    Bytes name;        // TPM Name (nameAlg ‖ digest); empty outside a TPM
    Fuse agent_fuse;
    Fuse host_fuse;
};

}  // namespace holdfast

#endif  // HOLDFAST_CUSTODY_H
