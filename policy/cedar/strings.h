// What stands between the quotes of a policy: escapes resolved, patterns taken apart and matched.
#ifndef HOLDFAST_POLICY_CEDAR_STRINGS_H
#define HOLDFAST_POLICY_CEDAR_STRINGS_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/result.h"

namespace holdfast::policy::cedar {

// Cedar's escapes (those of Rust): \n \r \t \0 \\ \" \' \xHH up to 7F, \u{…} of 1 to 6 hex digits
// and underscores. invalid, with no position: any other, and a bare carriage return.
Result<std::string> unescape(std::string_view raw);

// The literal parts around the wildcards: "a*b" is {"a", "b"}, "\*" a star. As in Cedar a star
// written \x2a is a wildcard too.
Result<std::vector<std::string>> pattern_parts(std::string_view raw);

// parts as above, at least one. Works on bytes: a part is whole characters, so in UTF-8 it is found
// at characters only.
bool matches(const std::vector<std::string>& parts, std::string_view text) noexcept;

}  // namespace holdfast::policy::cedar

#endif  // HOLDFAST_POLICY_CEDAR_STRINGS_H
