// The members of an evidence collection: their labels and media types, shared by pack and unpack.
#ifndef HOLDFAST_ATTEST_EVIDENCE_MEMBERS_H
#define HOLDFAST_ATTEST_EVIDENCE_MEMBERS_H

#include <cstddef>
#include <string_view>

namespace holdfast::attest {

// CMW's member for the type of a collection, and ours (RFC 9999 §3.3: an OID or a URI).
inline constexpr std::string_view collection_type_label = "__cmwc_t";
inline constexpr std::string_view collection_type = "2.25.280602187021576966997059332020323366912";

inline constexpr std::size_t max_structure = 4096;  // bytes of any TPM structure, or public key

struct Member {
    std::string_view label;
    std::string_view media_type;
};

// PEM, leaf first (RFC 8555 §9.1).
inline constexpr std::string_view chain_type = "application/pem-certificate-chain";
// TPM2B_ATTEST ‖ TPMT_SIGNATURE: the response parameters of Quote, Certify and NV_Certify.
inline constexpr std::string_view attested_type = "application/vnd.holdfast.tpm-attested";
inline constexpr std::string_view public_type = "application/vnd.holdfast.tpmt-public";

inline constexpr Member challenge_member = {"challenge", "application/vnd.holdfast.challenge+json"};
inline constexpr Member credential_member = {"credential", chain_type};
inline constexpr Member ek_certificates_member = {"ek-certificates", chain_type};
inline constexpr Member ek_member = {"ek", public_type};
inline constexpr Member ak_member = {"ak", public_type};
inline constexpr Member pcrs_member = {"pcrs", "application/vnd.holdfast.pcrs+json"};
inline constexpr Member quote_member = {"quote", attested_type};
inline constexpr Member key_member = {"key", "application/vnd.holdfast.key+json"};
inline constexpr Member key_certified_member = {"key-certified", attested_type};
inline constexpr Member agent_fuse_member = {"agent-fuse-certified", attested_type};
inline constexpr Member host_fuse_member = {"host-fuse-certified", attested_type};
// A compact JWS (RFC 7515 §9.2.1), of a key outside the TPM.
inline constexpr Member possession_member = {"possession", "application/jose"};
// On a host without a TPM, and with exactly this text.
inline constexpr Member boot_member = {"boot", "text/plain"};
inline constexpr std::string_view boot_not_proven = "not proven";
inline constexpr Member register_member = {"register", "application/vnd.holdfast.register+json"};
inline constexpr Member register_certified_member = {"register-certified", attested_type};
// CEL-JSON records, one a line.
inline constexpr Member register_log_member = {"register-log", "application/vnd.holdfast.cel"};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVIDENCE_MEMBERS_H
