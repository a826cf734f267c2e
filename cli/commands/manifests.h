// Reference manifests for the verifier: a folder of signed manifests, opened with trusted keys.
#ifndef HOLDFAST_CLI_COMMANDS_MANIFESTS_H
#define HOLDFAST_CLI_COMMANDS_MANIFESTS_H

#include <string>
#include <vector>

#include "holdfast/result.h"
#include "holdfast/verifier.h"

namespace holdfast::cli {

inline constexpr std::size_t max_reference_manifests = 1024;  // files of one folder

// Every *.json of the folder, in the order of their names. One that none of the keys signed, or
// that does not parse, is an error: a folder that was given is a statement.
Result<std::vector<attest::ReferenceManifest>> manifests_from(
    const std::string& folder, const std::vector<std::string>& key_files);

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_MANIFESTS_H
