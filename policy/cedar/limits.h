// What a policy text may be at most: every limit of the Cedar subset, each tested at its edge.
#ifndef HOLDFAST_POLICY_CEDAR_LIMITS_H
#define HOLDFAST_POLICY_CEDAR_LIMITS_H

#include <cstddef>

namespace holdfast::policy::cedar {

inline constexpr std::size_t max_text = 1024UL * 1024;  // bytes of one file
inline constexpr std::size_t max_policies = 10'000;     // of a file, and of all files together
// Brackets inside brackets, and operators upon each other's results: whoever walks an expression
// recurses so deep at most.
inline constexpr std::size_t max_depth = 64;
inline constexpr std::size_t max_elements = 1024;       // of one set, record or list in the text
inline constexpr std::size_t max_name = 128;            // bytes of an identifier or an attribute
inline constexpr std::size_t max_string = 16UL * 1024;  // bytes of a string, escapes resolved
// Bytes of what follows `like`: matching takes its length times that of the text, which an agent
// may have chosen.
inline constexpr std::size_t max_pattern = 1024;
inline constexpr std::size_t max_annotations = 32;         // of one policy
inline constexpr std::size_t max_annotation_value = 1024;  // bytes
inline constexpr std::size_t max_policy_id = 128;          // bytes of @id, printable ASCII
inline constexpr std::size_t max_unary = 4;                // `!` or `-` in a row, as in Cedar

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_LIMITS_H
