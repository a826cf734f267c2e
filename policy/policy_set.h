// PolicySet: one *.cedar file of policies.d, and whose signature stands beside it.
#ifndef HOLDFAST_POLICY_POLICY_SET_H
#define HOLDFAST_POLICY_POLICY_SET_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "policy/cedar/ast.h"
#include "policy/operators.h"

namespace holdfast::policy {

inline constexpr std::string_view policy_namespace = "holdfast-policy";  // of the SSHSIG
inline constexpr std::size_t max_policy_sets = 64;
inline constexpr std::size_t max_set_name = 64;
inline constexpr std::int64_t max_set_version = 9007199254740991;  // 2^53 - 1, as JSON carries it
inline constexpr std::size_t max_signature = 24UL * 1024;          // bytes of NAME.cedar.sig

enum class Mode : std::uint8_t {
    observe = 1,  // asked by itself, and what it would deny is recorded; it decides nothing
    enforce = 2,
};
std::string_view to_string(Mode mode) noexcept;

// Its first lines say what it is, and are signed with the rest:
//     //! version = 7
//     //! mode = enforce
struct PolicySet {
    std::string name;  // of the file, without ".cedar": lower case, digits, - and _
    std::int64_t version = 0;
    Mode mode = Mode::enforce;
    Sha256 digest{};  // of the file's bytes
    std::string text;
    std::string signature;  // armored SSHSIG; empty: none beside it
    cedar::PolicySet rules;
    // As check_author() found it.
    bool may_permit = false;  // else only its forbids count
    std::string author;       // the operator who signed it; empty: nobody
    std::string author_key;   // fingerprint of the key
};

// invalid, "NAME.cedar:LINE:COLUMN: what": no version, a word in the head that is not known, or
// what is wrong with the policies, all findings of the validator a line each. Looks at no
// signature.
Result<PolicySet> parse_policy_set(std::string_view file_name, std::string_view text);

enum class Unsigned : bool { refuse, allow };

// Sets may_permit and author. An unsigned set may permit everybody where unsigned ones are allowed;
// a signature beside it is checked in any case. denied: policy_unsigned, not_policy_author (who
// signed it may not sign policies), or a reason of Operators::signer.
Done check_author(PolicySet& set, const Operators& operators, Unsigned allowed);

using PolicySets = std::map<std::string, PolicySet, std::less<>>;  // by name

// A whole folder, with the care of ConfigFolder; none when there is no such folder.
Result<PolicySets> read_policy_sets(const std::string& directory);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_POLICY_SET_H
