#include "attest/manifest/manifest.h"

#include <algorithm>
#include <array>

#include "core/encode/json.h"
#include "core/encode/utf8.h"
#include "holdfast/agent_id.h"

namespace holdfast::attest {
namespace {

constexpr std::array<std::string_view, 4> digest_slots{"model", "policy", "prompt", "tools"};
constexpr std::uint32_t execute_bits = 0111;
constexpr std::size_t max_host_path = 4096;  // PATH_MAX

Error wrong(std::string_view field, std::string_view why) {
    return {Code::invalid, "manifest: " + std::string(field) + ": " + std::string(why)};
}

// The kernel ends each of these at its first NUL; JSON ends them at its quotes.
Done check_text(std::string_view field, std::string_view text, std::size_t max) {
    if (text.size() > max) return wrong(field, "longer than " + std::to_string(max) + " bytes");
    if (text.find('\0') != std::string_view::npos || !encode::is_utf8(text))
        return wrong(field, "must be UTF-8 without NUL");
    return done();
}

const TreeEntry* find(const Tree& tree, std::string_view path) {
    const auto before = [](const TreeEntry& entry, std::string_view wanted) {
        return entry.path < wanted;
    };
    const auto found = std::lower_bound(tree.begin(), tree.end(), path, before);
    return found == tree.end() || found->path != path ? nullptr : &*found;
}

Done check_identity(const Manifest& manifest) {
    HOLDFAST_CHECK(check_agent_name(manifest.name));
    if (manifest.version < 1 || manifest.version > max_manifest_version)
        return wrong("version", "must be from 1 to 2147483647");
    if (manifest.not_before < 0 || manifest.not_after > encode::max_json_integer)
        return wrong("not_before", "times are seconds since 1970");
    if (manifest.not_before > manifest.not_after)
        return wrong("not_after", "must not be before not_before");
    return done();
}

Done check_start(const Manifest& manifest) {
    const TreeEntry* entrypoint = find(manifest.tree, manifest.entrypoint);
    if (entrypoint == nullptr || entrypoint->type != EntryType::file)
        return wrong("entrypoint", "must be a file of the tree, and no link");
    if ((entrypoint->mode & execute_bits) == 0) return wrong("entrypoint", "the file has no x bit");
    if (!manifest.working_directory.empty()) {
        const TreeEntry* directory = find(manifest.tree, manifest.working_directory);
        if (directory == nullptr || directory->type != EntryType::directory)
            return wrong("working_directory", "must be a directory of the tree, and no link");
    }
    if (manifest.signers != Signers::leader && manifest.signers != Signers::tree)
        return wrong("signers", "must be leader or tree");
    // Who can read its own executable is dumpable, and then any process of the same uid can become
    // the leader through ptrace.
    if (manifest.readable_entrypoint && manifest.signers == Signers::leader)
        return wrong("signers", "must be tree when the entrypoint is readable");
    return done();
}

Done check_arguments(const Manifest& manifest) {
    if (manifest.arguments.empty() || manifest.arguments.size() > max_arguments)
        return wrong("arguments", "must be 1 to 256, argv[0] included");
    for (const std::string& argument : manifest.arguments)
        HOLDFAST_CHECK(check_text("arguments", argument, max_argument));
    return done();
}

Done check_environment(const Manifest& manifest) {
    if (manifest.environment.size() > max_variables)
        return wrong("environment", "more than 256 variables");
    for (const auto& [name, value] : manifest.environment) {
        HOLDFAST_CHECK(check_text("environment", name, max_variable));
        HOLDFAST_CHECK(check_text("environment", value, max_variable));
        if (name.empty() || name.find('=') != std::string::npos)
            return wrong("environment", "a name is not empty and has no '='");
    }
    return done();
}

// One text per file: no "//", "." or "..", nothing after the last name.
bool is_plain_absolute(std::string_view path) {
    if (!path.starts_with('/') || path.size() == 1) return false;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::string_view name = path.substr(0, path.find('/'));
        if (name.empty() || name == "." || name == "..") return false;
        path.remove_prefix(name.size());
    }
    return true;
}

Done check_host_files(const Manifest& manifest) {
    if (manifest.host_files.size() > max_host_files) return wrong("host_files", "more than 512");
    const MeasuredFile* previous = nullptr;
    for (const MeasuredFile& file : manifest.host_files) {
        HOLDFAST_CHECK(check_text("host_files", file.path, max_host_path));
        if (!is_plain_absolute(file.path))
            return wrong("host_files", "paths are absolute, without empty, \".\" or \"..\" names");
        if (previous != nullptr && previous->path >= file.path)
            return wrong("host_files", "must be in the order of their paths, each once");
        previous = &file;
    }
    return done();
}

}  // namespace

bool is_digest_slot(std::string_view name) noexcept {
    return std::find(digest_slots.begin(), digest_slots.end(), name) != digest_slots.end();
}

Done check_manifest(const Manifest& manifest) {
    HOLDFAST_CHECK(check_identity(manifest));
    HOLDFAST_CHECK(check_tree(manifest.tree));
    HOLDFAST_CHECK(check_start(manifest));
    HOLDFAST_CHECK(check_arguments(manifest));
    HOLDFAST_CHECK(check_environment(manifest));
    for (const auto& [slot, digest] : manifest.digests)
        if (!is_digest_slot(slot))
            return wrong("digests", "the slots are prompt, tools, policy and model");
    return check_host_files(manifest);
}

}  // namespace holdfast::attest
