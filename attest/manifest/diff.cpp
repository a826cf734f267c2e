#include "attest/manifest/diff.h"

#include <algorithm>
#include <map>

#include "attest/manifest/members.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"

namespace holdfast::attest {
namespace {

// By name; what is in one map only is a difference to nothing.
using Texts = std::map<std::string, std::string>;

std::string text_of_entry(const TreeEntry& entry) {
    switch (entry.type) {
        case EntryType::directory: return "directory " + mode_text(entry.mode);
        case EntryType::link: return "link to " + entry.target;
        case EntryType::file: break;
    }
    return "file " + mode_text(entry.mode) + ", " + std::to_string(entry.size) + " bytes, sha256 " +
           encode::hex(entry.digest);
}

Texts texts_of(const Manifest& manifest) {
    encode::Json::Array arguments(manifest.arguments.begin(), manifest.arguments.end());
    const auto* const words =
        std::find_if(signers_words.begin(), signers_words.end(),
                     [&](const auto& each) { return each.first == manifest.signers; });
    Texts texts{{"arguments", encode::canonical(std::move(arguments))},
                {"entrypoint", manifest.entrypoint},
                {"name", manifest.name},
                {"not_after", std::to_string(manifest.not_after)},
                {"not_before", std::to_string(manifest.not_before)},
                {"readable_entrypoint", manifest.readable_entrypoint ? "true" : "false"},
                {"signers", std::string(words == signers_words.end() ? "" : words->second)},
                {"version", std::to_string(manifest.version)},
                {"working_directory", "/" + manifest.working_directory}};
    // A variable that is empty is not one that is missing.
    for (const auto& [name, value] : manifest.environment)
        texts.emplace("environment." + name, "\"" + value + "\"");
    for (const auto& [slot, digest] : manifest.digests)
        texts.emplace("digests." + slot, "sha256 " + encode::hex(digest));
    for (const MeasuredFile& file : manifest.host_files)
        texts.emplace("host_files." + file.path, "sha256 " + encode::hex(file.digest));
    return texts;
}

std::vector<Difference> diff_texts(const Texts& before, const Texts& after) {
    std::vector<Difference> found;
    for (const auto& [name, text] : before) {
        const auto other = after.find(name);
        if (other == after.end()) {
            found.push_back({name, text, ""});
        } else if (other->second != text) {
            found.push_back({name, text, other->second});
        }
    }
    for (const auto& [name, text] : after)
        if (!before.contains(name)) found.push_back({name, "", text});
    const auto by_name = [](const Difference& a, const Difference& b) { return a.what < b.what; };
    std::sort(found.begin(), found.end(), by_name);
    return found;
}

}  // namespace

std::vector<Difference> diff_trees(const Tree& before, const Tree& after) {
    std::vector<Difference> found;
    auto old = before.begin();
    auto now = after.begin();
    // Both are in the order of their paths: as a merge, one step at a time.
    while (old != before.end() || now != after.end()) {
        if (now == after.end() || (old != before.end() && old->path < now->path)) {
            found.push_back({"tree." + old->path, text_of_entry(*old), ""});
            ++old;
        } else if (old == before.end() || now->path < old->path) {
            found.push_back({"tree." + now->path, "", text_of_entry(*now)});
            ++now;
        } else {
            if (*old != *now)
                found.push_back({"tree." + old->path, text_of_entry(*old), text_of_entry(*now)});
            ++old;
            ++now;
        }
    }
    return found;
}

std::vector<Difference> diff_manifests(const Manifest& before, const Manifest& after) {
    std::vector<Difference> found = diff_texts(texts_of(before), texts_of(after));
    std::vector<Difference> in_tree = diff_trees(before.tree, after.tree);
    found.insert(found.end(), std::make_move_iterator(in_tree.begin()),
                 std::make_move_iterator(in_tree.end()));
    return found;
}

}  // namespace holdfast::attest
