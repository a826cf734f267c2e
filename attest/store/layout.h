// What is called what in a store, with which mode, and how much of it there may be.
#ifndef HOLDFAST_ATTEST_STORE_LAYOUT_H
#define HOLDFAST_ATTEST_STORE_LAYOUT_H

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr const char* objects_folder = "objects";
inline constexpr const char* views_folder = "views";
inline constexpr const char* manifests_folder = "manifests";
inline constexpr const char* partial_folder = "partial";

inline constexpr std::size_t max_stored_manifests = 4096;

// Others reach a view by its name, and list nothing: whoever could open partial/ could hold its
// lock.
inline constexpr mode_t store_mode = 0755;
inline constexpr mode_t views_mode = 0711;
inline constexpr mode_t private_folder_mode = 0700;
inline constexpr mode_t view_folder_mode = 0555;
inline constexpr mode_t private_file_mode = 0600;

inline constexpr mode_t data_mode = 0444;
inline constexpr mode_t program_mode = 0555;
inline constexpr mode_t entrypoint_mode = 0111;

// Every object's modification time, Unix seconds: who writes into one later, root too, moves it.
inline constexpr std::int64_t object_time = 1;

// In objects/: "ab/<sha256>.0444".
struct ObjectName {
    Sha256 digest{};
    std::uint32_t mode = 0;
    friend auto operator<=>(const ObjectName&, const ObjectName&) = default;
};
std::string to_name(const ObjectName& object);
Result<ObjectName> parse_object_name(std::string_view name);
std::string object_shelf(std::uint8_t first_byte);  // "ab"

// In views/: "<root>-<manifest>".
struct ViewName {
    Sha256 root{};
    Sha256 manifest{};
    friend auto operator<=>(const ViewName&, const ViewName&) = default;
};
std::string to_name(const ViewName& view);
Result<ViewName> parse_view_name(std::string_view name);

// In manifests/: "<digest>.json".
std::string manifest_file(const Sha256& digest);
Result<Sha256> parse_manifest_file(std::string_view name);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_LAYOUT_H
