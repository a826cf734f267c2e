// SSHSIG (OpenSSH's PROTOCOL.sshsig): detached signatures made by `ssh-keygen -Y sign`.
#ifndef HOLDFAST_CORE_ENCODE_SSHSIG_H
#define HOLDFAST_CORE_ENCODE_SSHSIG_H

#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::encode {

inline constexpr std::size_t max_sshsig = 16UL * 1024;  // bytes of the blob
inline constexpr std::size_t max_sshsig_namespace = 256;

struct Sshsig {
    Bytes public_key;            // a blob for parse_ssh_key_blob
    std::string name_space;      // what the signature is for; never empty
    std::string hash_algorithm;  // "sha256" or "sha512": how the message was hashed
    Bytes signature;             // a blob for parse_ssh_signature
};

// invalid: not version 1, something in the reserved field, another hash, trailing bytes.
Result<Sshsig> parse_sshsig(ByteView blob);
Bytes write_sshsig(const Sshsig& sshsig);

// What the key signs: the namespace and the digest of the message, under a preamble that no other
// use of an SSH key begins with.
Bytes sshsig_signed_bytes(const Sshsig& sshsig, ByteView message_digest);

// The blob between "-----BEGIN SSH SIGNATURE-----" and its end; exactly one.
Result<Bytes> parse_armored_sshsig(std::string_view text);
std::string armor_sshsig(ByteView blob);

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_SSHSIG_H
