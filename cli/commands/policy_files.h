// PolicyFiles: policy sets as they lie about in files, read as apply reads them, with all findings.
#ifndef HOLDFAST_CLI_COMMANDS_POLICY_FILES_H
#define HOLDFAST_CLI_COMMANDS_POLICY_FILES_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/command.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "policy/operators.h"
#include "policy/policies.h"

namespace holdfast::cli {

// What one file says it is.
struct PolicyFile {
    std::string path;  // as it was given
    std::string set;
    std::int64_t version = 0;
    policy::Mode mode = policy::Mode::enforce;
    std::size_t policies = 0;
    Sha256 digest{};
    bool is_signed = false;          // a signature stands beside it
    std::string author, author_key;  // whose it is, where it was looked at and counts
};

struct PolicyFiles {
    std::vector<PolicyFile> files;      // those that could be read, in the order given
    std::vector<std::string> findings;  // "PATH:LINE:COLUMN: what", or "PATH.sig: what"; none: good
    policy::Policies policies;          // all of them together; permit nothing with a finding
};

// --operators FILE; nothing without the option. Whoever may write the file: it is here to try
// things out. Errors as read_text and Operators::parse.
Result<std::optional<policy::Operators>> operators_from(const Values& values);

// Each path is a file or a folder, of which all *.cedar count. With operators each set needs a
// signature that may permit, as apply asks for it; without, none is looked at, and every set counts
// as if by whoever may permit. not_found, invalid: a path that cannot be read.
Result<PolicyFiles> read_policy_files(const std::vector<std::string>& paths,
                                      const std::optional<policy::Operators>& operators);

// For who only wants to decide by them: --policies PATH, repeatable, and more paths; --operators.
// invalid: no path at all, or with the findings, a line each.
Result<policy::Policies> policies_from(const Values& values, const std::vector<std::string>& more);

// What policies_from reads, as help shows it.
std::vector<Option> policies_options();

// A failure of several lines, all of them shown.
Exit fail_with_lines(const Globals& globals, const Error& error);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_POLICY_FILES_H
