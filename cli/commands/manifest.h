// What the commands of `holdfast manifest` share: their files, and a manifest in a few lines.
#ifndef HOLDFAST_CLI_COMMANDS_MANIFEST_H
#define HOLDFAST_CLI_COMMANDS_MANIFEST_H

#include <string>
#include <vector>

#include "attest/manifest/signed_manifest.h"
#include "cli/command.h"
#include "core/encode/json.h"

namespace holdfast::cli {

// A file of up to `max_bytes`, which may be large: no more memory is taken than the file needs.
Result<std::string> read_large(const std::string& path, std::size_t max_bytes);

// A statement, or an envelope whose signatures nobody looks at.
Result<attest::SignedManifest> read_any_manifest(const std::string& path);

// --key FILE, each a .pub file or PEM.
Result<std::vector<std::string>> read_trusted_keys(const std::vector<std::string>& paths);

// Wrong options and operands: they exit with 2, whatever else would have gone wrong.
Error wrong_usage(std::string text);
Exit fail_or_usage(const Globals& globals, Exit otherwise, const Error& error);

// Digits only; "--name: …" when it is something else.
Result<std::int64_t> number_option(const Values& values, std::string_view name, std::int64_t low,
                                   std::int64_t high);

// {"bytes", "digest", "entries", "entrypoint", "host_files", "name", "not_after", "not_before",
// "root", "signers", "version"}, and "signer" where one is known.
encode::Json::Object summary_of(const attest::SignedManifest& manifest);

Exit manifest_create(const Globals& globals, const Values& values);
std::vector<Option> manifest_create_options();
Exit manifest_sign(const Globals& globals, const Values& values);
std::vector<Option> manifest_sign_options();

}  // namespace holdfast::cli

#endif  // HOLDFAST_CLI_COMMANDS_MANIFEST_H
