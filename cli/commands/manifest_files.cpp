// Reading manifests, keys and numbers: the shared half of manifest.h.
#include <charconv>
#include <filesystem>
#include <numeric>
#include <system_error>

#include "cli/ask.h"
#include "cli/commands/manifest.h"
#include "core/encode/base64.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::size_t max_key = 16UL * 1024;

std::string_view word_of(attest::Signers signers) {
    return signers == attest::Signers::leader ? "leader" : "tree";
}

}  // namespace

Result<std::string> read_large(const std::string& path, std::size_t max_bytes) {
    std::error_code none;
    const auto size = std::filesystem::file_size(path, none);
    // Not a plain file, or not there: read_text finds its own words.
    if (none || size > max_bytes) return read_text(path, max_bytes);
    return read_text(path, size);
}

Result<attest::SignedManifest> read_any_manifest(const std::string& path) {
    HOLDFAST_TRY(text, read_large(path, attest::max_envelope));
    while (text.ends_with('\n'))
        text.pop_back();
    auto signed_one = attest::read_manifest_unverified(text);
    if (signed_one) return signed_one;
    auto manifest = attest::parse_statement(text);
    if (manifest)
        return attest::SignedManifest{*std::move(manifest), attest::statement_digest(text), ""};
    // Which of the two it was meant to be: only one of them has a payload.
    const bool is_envelope = text.find("\"payload\"") != std::string::npos;
    Error error = is_envelope ? std::move(signed_one).error() : std::move(manifest).error();
    return std::move(error).within(path);
}

Result<std::vector<std::string>> read_trusted_keys(const std::vector<std::string>& paths) {
    if (paths.empty()) return wrong_usage("--key is missing: whose signature counts?");
    std::vector<std::string> keys;
    for (const std::string& path : paths) {
        HOLDFAST_TRY(text, read_text(path, max_key));
        keys.push_back(std::move(text));
    }
    return keys;
}

Error wrong_usage(std::string text) {
    return Error(Code::invalid, std::move(text)).because("usage");
}

Exit fail_or_usage(const Globals& globals, Exit otherwise, const Error& error) {
    if (error.reason() != "usage") return fail_with(globals, otherwise, error);
    return fail_with(globals, Exit::usage, Error(Code::invalid, error.text()));
}

Result<std::int64_t> number_option(const Values& values, std::string_view name, std::int64_t low,
                                   std::int64_t high) {
    const std::string text = values.get_or(name, "");
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [rest, problem] = std::from_chars(text.data(), end, number);
    if (problem != std::errc() || rest != end || number < low || number > high)
        return wrong_usage("--" + std::string(name) + ": a number from " + std::to_string(low) +
                           " to " + std::to_string(high));
    return number;
}

Json::Object summary_of(const attest::SignedManifest& opened) {
    const attest::Manifest& manifest = opened.manifest;
    const auto add = [](std::uint64_t sum, const attest::TreeEntry& each) {
        return sum + each.size;
    };
    const std::uint64_t bytes =
        std::accumulate(manifest.tree.begin(), manifest.tree.end(), std::uint64_t{0}, add);
    Json::Object summary{{"bytes", static_cast<std::int64_t>(bytes)},
                         {"digest", encode::hex(opened.digest)},
                         {"entries", static_cast<std::int64_t>(manifest.tree.size())},
                         {"entrypoint", manifest.entrypoint},
                         {"host_files", static_cast<std::int64_t>(manifest.host_files.size())},
                         {"name", manifest.name},
                         {"not_after", manifest.not_after},
                         {"not_before", manifest.not_before},
                         {"root", encode::hex(attest::tree_root(manifest.tree))},
                         {"signers", word_of(manifest.signers)},
                         {"version", manifest.version}};
    if (!opened.signer.empty()) summary.emplace("signer", opened.signer);
    return summary;
}

}  // namespace holdfast::cli
