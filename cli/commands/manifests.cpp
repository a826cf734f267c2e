#include "cli/commands/manifests.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "attest/manifest/signed_manifest.h"
#include "cli/ask.h"

namespace holdfast::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_key_text = 16UL * 1024;

Result<std::vector<std::string>> keys_from(const std::vector<std::string>& files) {
    if (files.empty())
        return Error(Code::invalid, "--manifest-roots needs --manifest-key: who may have signed");
    std::vector<std::string> keys;
    for (const std::string& file : files) {
        HOLDFAST_TRY(text, read_text(file, max_key_text));
        keys.push_back(std::move(text));
    }
    return keys;
}

Result<std::vector<std::string>> files_in(const std::string& folder) {
    std::error_code problem;
    std::vector<std::string> files;
    for (fs::directory_iterator entry(folder, problem), end; !problem && entry != end;
         entry.increment(problem)) {
        if (entry->path().extension() == ".json") files.push_back(entry->path().string());
        if (files.size() > max_reference_manifests)
            return Error(Code::invalid, folder + ": more than 1024 manifests");
    }
    if (problem) return Error(Code::invalid, folder + ": " + problem.message());
    std::ranges::sort(files);
    return files;
}

Result<attest::ReferenceManifest> manifest_from(const std::string& file,
                                                const std::vector<std::string>& keys) {
    std::error_code problem;
    const std::uintmax_t size = fs::file_size(file, problem);
    if (problem) return Error(Code::invalid, problem.message());
    HOLDFAST_TRY(envelope, read_text(file, std::min<std::uintmax_t>(size, attest::max_envelope)));
    HOLDFAST_TRY(opened, attest::open_manifest(envelope, keys));
    return attest::ReferenceManifest{.digest = opened.digest,
                                     .root = attest::tree_root(opened.manifest.tree),
                                     .agent = std::move(opened.manifest.name),
                                     .version = opened.manifest.version};
}

}  // namespace

Result<std::vector<attest::ReferenceManifest>> manifests_from(
    const std::string& folder, const std::vector<std::string>& key_files) {
    HOLDFAST_TRY(keys, keys_from(key_files));
    HOLDFAST_TRY(files, files_in(folder));
    std::vector<attest::ReferenceManifest> manifests;
    for (const std::string& file : files) {
        auto manifest = manifest_from(file, keys);
        if (!manifest) return std::move(manifest).error().within(file);
        manifests.push_back(*std::move(manifest));
    }
    return manifests;
}

}  // namespace holdfast::cli
