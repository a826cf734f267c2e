#include "attest/store/layout.h"

#include <array>
#include <utility>

#include "attest/store/store.h"
#include "core/encode/base64.h"

namespace holdfast::attest {
namespace {

constexpr std::size_t hex_size = 2 * sizeof(Sha256);
constexpr std::string_view manifest_suffix = ".json";
constexpr std::uint32_t any_execute = 0111;

constexpr std::array<std::pair<mode_t, std::string_view>, 3> mode_suffixes = {
    {{data_mode, ".0444"}, {program_mode, ".0555"}, {entrypoint_mode, ".0111"}}};

Error unknown(std::string_view what) {
    return Error(Code::invalid, "store: not the name of " + std::string(what));
}

}  // namespace

std::string object_shelf(std::uint8_t first_byte) {
    return encode::hex(ByteView(&first_byte, 1));
}

std::string to_name(const ObjectName& object) {
    std::string name = object_shelf(object.digest.front()) + "/" + encode::hex(object.digest);
    for (const auto& [mode, suffix] : mode_suffixes) {
        if (mode == object.mode) name += suffix;
    }
    return name;
}

Result<ObjectName> parse_object_name(std::string_view name) {
    const std::size_t shelf = object_shelf(0).size() + 1;
    if (name.size() < shelf + hex_size) return unknown("an object");
    HOLDFAST_TRY(digest, encode::sha256_from_hex(name.substr(shelf, hex_size)));
    for (const auto& [mode, suffix] : mode_suffixes) {
        const ObjectName object{digest, mode};
        if (to_name(object) == name) return object;
    }
    return unknown("an object");
}

std::string to_name(const ViewName& view) {
    return encode::hex(view.root) + "-" + encode::hex(view.manifest);
}

Result<ViewName> parse_view_name(std::string_view name) {
    if (name.size() != 2 * hex_size + 1 || name[hex_size] != '-') return unknown("a view");
    HOLDFAST_TRY(root, encode::sha256_from_hex(name.substr(0, hex_size)));
    HOLDFAST_TRY(manifest, encode::sha256_from_hex(name.substr(hex_size + 1)));
    return ViewName{root, manifest};
}

std::string manifest_file(const Sha256& digest) {
    return encode::hex(digest) + std::string(manifest_suffix);
}

Result<Sha256> parse_manifest_file(std::string_view name) {
    if (!name.ends_with(manifest_suffix)) return unknown("a manifest");
    name.remove_suffix(manifest_suffix.size());
    return encode::sha256_from_hex(name);
}

std::uint32_t stored_mode(const Manifest& manifest, const TreeEntry& entry) noexcept {
    if (entry.path == manifest.entrypoint)
        return manifest.readable_entrypoint ? program_mode : entrypoint_mode;
    return (entry.mode & any_execute) != 0 ? program_mode : data_mode;
}

}  // namespace holdfast::attest
