// A manifest as an in-toto Statement; manifest_reader.cpp is the other direction.
#include <array>

#include "attest/manifest/manifest.h"
#include "attest/manifest/members.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"

namespace holdfast::attest {
namespace {

using encode::Json;

// Four octal digits, as chmod and ls know them.
std::string mode_text(std::uint32_t mode) {
    const auto digit = [mode](unsigned shift) {
        return static_cast<char>('0' + ((mode >> shift) & 7U));
    };
    return {digit(9), digit(6), digit(3), digit(0)};
}

Json entry_json(const TreeEntry& entry) {
    switch (entry.type) {
        case EntryType::directory:
            return Json::Array{directory_word, entry.path, mode_text(entry.mode)};
        case EntryType::link: return Json::Array{link_word, entry.path, entry.target};
        case EntryType::file: break;
    }
    return Json::Array{file_word, entry.path, mode_text(entry.mode),
                       static_cast<std::int64_t>(entry.size), encode::hex(entry.digest)};
}

std::string_view word_of(Signers signers) {
    for (const auto& [value, word] : signers_words)
        if (value == signers) return word;
    return "invalid";
}

Json::Object predicate_of(const Manifest& manifest) {
    Json::Array arguments(manifest.arguments.begin(), manifest.arguments.end());
    Json::Object environment(manifest.environment.begin(), manifest.environment.end());
    Json::Object digests;
    for (const auto& [slot, digest] : manifest.digests)
        digests.emplace(slot, encode::hex(digest));
    Json::Array host_files;
    for (const MeasuredFile& file : manifest.host_files)
        host_files.emplace_back(Json::Array{file.path, encode::hex(file.digest)});
    Json::Array tree;
    tree.reserve(manifest.tree.size());
    for (const TreeEntry& entry : manifest.tree)
        tree.push_back(entry_json(entry));
    return {{"arguments", std::move(arguments)},
            {"digests", std::move(digests)},
            {"entrypoint", manifest.entrypoint},
            {"environment", std::move(environment)},
            {"host_files", std::move(host_files)},
            {"name", manifest.name},
            {"not_after", manifest.not_after},
            {"not_before", manifest.not_before},
            {"readable_entrypoint", manifest.readable_entrypoint},
            {"signers", word_of(manifest.signers)},
            {"tree", std::move(tree)},
            {"version", manifest.version},
            {"working_directory", manifest.working_directory}};
}

}  // namespace

std::string to_statement(const Manifest& manifest) {
    Json::Object digest{{std::string(root_algorithm), encode::hex(tree_root(manifest.tree))}};
    Json::Object subject{{"digest", std::move(digest)}, {"name", subject_name}};
    return encode::canonical(Json::Object{{"_type", statement_type},
                                          {"predicate", predicate_of(manifest)},
                                          {"predicateType", manifest_type},
                                          {"subject", Json::Array{std::move(subject)}}});
}

}  // namespace holdfast::attest
