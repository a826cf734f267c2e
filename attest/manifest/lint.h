// lint_manifest: what a manifest promises and cannot keep, and what makes its agent easy to
// subvert.
#ifndef HOLDFAST_ATTEST_MANIFEST_LINT_H
#define HOLDFAST_ATTEST_MANIFEST_LINT_H

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "attest/manifest/manifest.h"
#include "attest/manifest/walk.h"

namespace holdfast::attest {

enum class Severity : std::uint8_t { error, warning };

struct Finding {
    std::string_view id;  // stable; docs/manifests.md lists them
    Severity severity = Severity::error;
    std::string path;    // of the tree, or the field: "arguments", "environment.LD_PRELOAD"
    std::string advice;  // what is wrong and what to do
};

// The first bytes of a file of the tree, at most `max`; nothing when it cannot be read.
using ReadFile =
    std::function<std::optional<std::string>(const std::string& path, std::size_t max)>;

inline constexpr std::size_t max_linted_file = 1024UL * 1024;
inline constexpr std::int64_t longest_validity = 366LL * 24 * 3600;

// `read` may be empty: then what only contents can show is not looked for.
std::vector<Finding> lint_manifest(const Manifest& manifest, const ReadFile& read);

// Of a directory without a manifest: what its entries and their contents show.
std::vector<Finding> lint_walked(const Walked& walked, const ReadFile& read);

// Commands in a script, or in one string of it, that fetch code to run.
std::vector<Finding> lint_commands(const std::string& path, std::string_view text);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_LINT_H
