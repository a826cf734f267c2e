// Custody: where a private key lives, what it may sign, and what can end it.
#ifndef HOLDFAST_CUSTODY_H
#define HOLDFAST_CUSTODY_H

#include <array>
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

// Which process keeps a key: the one that opens the TPM, or the one that loads a PKCS#11 module.
enum class Backend : std::uint8_t { tpm = 1, pkcs11 = 2 };
std::string_view to_string(Backend backend) noexcept;  // "tpm", "pkcs11"

// How a key signs: the JOSE algorithm (RFC 7518 §3.1, RFC 8037 §3.1), and the bits of an RSA key.
// A key has one for its life. Host keys are ES256.
enum class KeyAlgorithm : std::uint8_t {
    es256 = 1,       // ECDSA on P-256, SHA-256; r ‖ s, 64 bytes
    es384 = 2,       // ECDSA on P-384, SHA-384; r ‖ s, 96 bytes
    ed25519 = 3,     // RFC 8032, the pure form; 64 bytes
    ps256_2048 = 4,  // RSASSA-PSS, SHA-256, MGF1 with SHA-256, salt of 32 bytes; 256 bytes
    ps256_3072 = 5,
    rs256_2048 = 6,  // RSASSA-PKCS1-v1_5, SHA-256; 256 bytes
    rs256_3072 = 7,
};
inline constexpr std::array<KeyAlgorithm, 7> key_algorithms = {
    KeyAlgorithm::es256,      KeyAlgorithm::es384,      KeyAlgorithm::ed25519,
    KeyAlgorithm::ps256_2048, KeyAlgorithm::ps256_3072, KeyAlgorithm::rs256_2048,
    KeyAlgorithm::rs256_3072};
// As in agent files: "ES256", "ES384", "Ed25519", "PS256-2048", "RS256-3072" …
std::string_view to_string(KeyAlgorithm algorithm) noexcept;
Result<KeyAlgorithm> parse_key_algorithm(std::string_view text);
// As in a JWS header: "ES256", "ES384", "EdDSA", "PS256", "RS256".
std::string_view jws_alg(KeyAlgorithm algorithm) noexcept;
std::size_t signature_size(KeyAlgorithm algorithm) noexcept;  // bytes

enum class FuseKind : std::uint8_t {
    none = 0,     // AK and ledger key: they must still attest after everything else is dead
    counter = 1,  // one NV counter for this key; the chip refuses the key once it moves
    bank = 2,     // one bit of a shared NV BITS bank: owner auth can redefine the bank
    host = 3,     // the chip had no room: only the host fuse guards this key
    object = 4,   // a PKCS#11 token has none: ending the key destroys its object there
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

// Ids of keys: "agent-deploy-bot-1" in a TPM, "hsm-deploy-bot-1" in a token, with a number that the
// agent's name never had there before; the host's own keys have these, wherever they are.
inline constexpr std::string_view ca_key_id = "ca";
inline constexpr std::string_view ledger_key_id = "ledger";
inline constexpr std::string_view ak_key_id = "ak";
bool is_host_key_id(std::string_view id) noexcept;
std::string_view agent_key_prefix(Backend backend) noexcept;  // "agent-", "hsm-"
// The agent's name in such an id of that backend; empty when it is none. Nothing that passes is a
// path out of a folder.
std::string_view agent_in_key_id(std::string_view id, Backend backend);

// What is known of a key without being able to use it.
struct KeyDescription {
    std::string id;
    std::string agent;  // agent name; empty for the host's own keys
    Purpose purpose = Purpose::action;
    Backend backend = Backend::tpm;
    KeyAlgorithm algorithm = KeyAlgorithm::es256;
    // In a token: of this key, by its attributes. In a TPM all keys share the chip's
    // (HostIdentity).
    Custody custody = Custody::unproven;
    std::string token;  // CK_TOKEN_INFO.serialNumber, without padding; empty in a TPM
    Bytes spki;         // SubjectPublicKeyInfo, DER (RFC 5280 §4.1)
    Bytes tpm_public;   // TPMT_PUBLIC, marshalled; empty outside a TPM
    Bytes name;         // TPM Name (nameAlg ‖ digest); empty outside a TPM
    Fuse agent_fuse;
    Fuse host_fuse;
};

}  // namespace holdfast

#endif  // HOLDFAST_CUSTODY_H
