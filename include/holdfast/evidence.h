// Evidence: what a host says about one agent's key (RFC 9334): its TPM, and a key outside a TPM.
#ifndef HOLDFAST_EVIDENCE_H
#define HOLDFAST_EVIDENCE_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"

namespace holdfast {

// TPMS_ATTEST and TPMT_SIGNATURE exactly as the TPM returned them (TPM 2.0 Part 2, 10.12, 11.3).
struct Attested {
    Bytes attest;
    Bytes signature;
};

struct LedgerHead {
    std::uint64_t size = 0;  // number of leaves
    Sha256 root{};           // RFC 9162 §2.1.1
    friend bool operator==(const LedgerHead&, const LedgerHead&) = default;
};

// The register of this boot: an NV index that is extended with every event, and the log of them.
struct RegisterEvidence {
    Bytes nv_public;              // TPMS_NV_PUBLIC, WRITTEN set
    Attested certified;           // TPM2_NV_Certify of its 32 bytes; empty when the TPM refuses
    std::string log;              // CEL-JSON, one record a line
    std::uint8_t anchor_pcr = 0;  // quoted too
};

// Made by the keys worker in one go: all statements carry the same challenge. Where the agent key
// lives elsewhere they are of the host alone: no key, no key_certified, no fuses.
struct TpmEvidence {
    std::vector<Bytes> ek_certificates;   // DER, leaf first, then the chain the TPM holds
    Bytes ek_public;                      // TPMT_PUBLIC
    Bytes ak_public;                      // TPMT_PUBLIC
    std::map<std::uint8_t, Sha256> pcrs;  // SHA-256 bank, index → value
    Attested quote;                       // TPM2_Quote over exactly these PCRs
    KeyDescription key;                   // the agent key; without an id if it lives elsewhere
    Attested key_certified;               // TPM2_Certify
    Attested agent_fuse_certified;        // TPM2_NV_Certify; empty when kind is `host`
    Attested host_fuse_certified;         // TPM2_NV_Certify
    std::optional<RegisterEvidence> event_register;  // nothing on a host without one
};

// Of a key in a token: nobody but the key itself can speak for it.
struct PossessionEvidence {
    KeyDescription key;
    std::string jws;  // compact, typ holdfast-possession+jwt, by that key over the challenge
};

// What the challenge binds besides the verifier's own words. A key in the TPM: `tpm` alone. A key
// in a token: `possession`, and `tpm` if the host has one.
struct Evidence {
    Bytes nonce;  // 16–64 bytes, chosen by the verifier
    std::string verifier;
    std::optional<TpmEvidence> tpm;
    std::optional<PossessionEvidence> possession;
    bool boot_not_proven = false;   // said by a host without a TPM
    std::vector<Bytes> credential;  // DER chain, leaf first; may be empty
    LedgerHead ledger_head;
    std::uint64_t register_events = 0;  // in the log when it was asked for; 0 without a register
};

inline constexpr std::size_t min_nonce = 16;
inline constexpr std::size_t max_nonce = 64;
inline constexpr std::size_t max_verifier_id = 255;

}  // namespace holdfast

#endif  // HOLDFAST_EVIDENCE_H
