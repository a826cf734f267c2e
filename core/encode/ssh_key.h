// OpenSSH public keys and the signatures made with them, taken apart; nothing is verified here.
#ifndef HOLDFAST_CORE_ENCODE_SSH_KEY_H
#define HOLDFAST_CORE_ENCODE_SSH_KEY_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::size_t max_ssh_key_line = 16UL * 1024;
inline constexpr std::size_t max_ssh_key_blob = 8UL * 1024;

// The types that sign here. No DSA, no certificates, no P-521.
inline constexpr std::string_view ssh_ed25519 = "ssh-ed25519";
inline constexpr std::string_view ssh_p256 = "ecdsa-sha2-nistp256";
inline constexpr std::string_view ssh_p384 = "ecdsa-sha2-nistp384";
inline constexpr std::string_view ssh_rsa = "ssh-rsa";
inline constexpr std::string_view ssh_sk_ed25519 = "sk-ssh-ed25519@openssh.com";
inline constexpr std::string_view ssh_sk_p256 = "sk-ecdsa-sha2-nistp256@openssh.com";

struct SshPublicKey {
    std::string type;
    Bytes blob;     // the whole key, as the line has it in base64
    Bytes point;    // Ed25519: 32 bytes; P-256, P-384: x ‖ y
    Bytes modulus;  // RSA, big-endian, no zero in front
    std::uint32_t exponent = 0;
    std::string application;  // sk keys: what the token was asked for, "ssh:" as a rule
};

// RFC 4253 §6.6, RFC 5656 §3.1, PROTOCOL.u2f.
Result<SshPublicKey> parse_ssh_key_blob(ByteView blob);

// "TYPE BASE64 [COMMENT]", one line, as in a .pub file; no options as authorized_keys has them.
Result<SshPublicKey> parse_ssh_key_line(std::string_view line);

struct SshSignature {
    std::string algorithm;
    Bytes value;                // Ed25519: 64 bytes; ECDSA: r ‖ s in equal halves; RSA: as it is
    std::uint8_t flags = 0;     // sk only: bit 0, somebody touched the token
    std::uint32_t counter = 0;  // sk only
};

// The signature field of an SSHSIG or of the agent protocol, made by a key of this type.
Result<SshSignature> parse_ssh_signature(std::string_view key_type, ByteView blob);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_SSH_KEY_H
