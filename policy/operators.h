// Operators: the people of operators.toml, by the login that acts and by the SSH keys they sign
// with.
#ifndef HOLDFAST_POLICY_OPERATORS_H
#define HOLDFAST_POLICY_OPERATORS_H

#include <sys/types.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/crypto/trusted_key.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::policy {

inline constexpr std::size_t max_operators_file = 256UL * 1024;
inline constexpr std::size_t max_operators = 256;
inline constexpr std::size_t max_operator_uids = 16;
inline constexpr std::size_t max_operator_keys = 16;
inline constexpr std::size_t max_operator_key = 16UL * 1024;  // bytes of one, as text
inline constexpr std::size_t max_operator_groups = 32;
inline constexpr std::size_t max_group_name = 64;

// What @approvers can name: lower case, digits, - _ and .
bool is_group_name(std::string_view name) noexcept;

struct Operator {
    std::string name;
    std::vector<uid_t> uids;               // login uids (audit(7): /proc/PID/loginuid)
    std::vector<crypto::TrustedKey> keys;  // OpenSSH keys only: their signatures name a use
    std::vector<std::string> groups;       // what @approvers("…") refers to
    bool policies = false;                 // may sign policy sets
};

struct Signed {
    const Operator* who;
    std::string fingerprint;  // of the key, as `ssh-keygen -l` shows it
};

class Operators {
  public:
    Operators() = default;  // nobody

    // invalid, "FILE:LINE: …": unknown key, a name, uid or SSH key that stands there twice (one key
    // of two people would count as two approvals), a key that cannot sign here.
    static Result<Operators> parse(std::string_view file_name, std::string_view text);
    // Nobody when there is no such file; with the care of ConfigFolder otherwise.
    static Result<Operators> read(const std::string& path);

    const std::vector<Operator>& all() const noexcept { return all_; }
    const Operator* find(std::string_view name) const noexcept;
    // Of the principal of an admin call, "login:1000" or "uid:1000"; null when nobody has it.
    const Operator* of_principal(std::string_view principal) const noexcept;
    Sha256 digest() const noexcept { return digest_; }  // of the file's bytes

    // Who made this SSHSIG (binary or armored) over the message? denied, reason unknown_signer: a
    // key of nobody here, or no signature of that key; wrong_namespace: made for another use.
    Result<Signed> signer(std::string_view name_space, ByteView message, ByteView sshsig) const;

  private:
    std::vector<Operator> all_;
    Sha256 digest_{};
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_OPERATORS_H
