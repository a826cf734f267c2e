// What /proc says of a process that chose its own paths and environment: whatever it put there, the
// file mapped after it, or the loader variable after it, is seen.
#include <sys/sysmacros.h>

#include <set>
#include <string>

#include "attest/measure/environment.h"
#include "attest/measure/maps.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;

namespace {

constexpr std::string_view late_line =
    "7f0000000000-7f0000001000 r-xp 00000000 fe:00 4711                       /usr/lib/late.so\n";
const attest::MappedName late_name{makedev(0xfe, 0), 4711};

// Two hexadecimal numbers, lower case, not padded.
bool is_name_in_map_files(std::string_view range) {
    const auto dash = range.find('-');
    if (dash == std::string_view::npos) return false;
    for (const auto number : {range.substr(0, dash), range.substr(dash + 1)}) {
        if (number.empty() || (number.front() == '0' && number.size() > 1)) return false;
        if (number.find_first_not_of("0123456789abcdef") != std::string_view::npos) return false;
    }
    return true;
}

void check_maps(std::string text) {
    const auto found = attest::executable_mappings(text);
    if (!found) return;
    std::set<attest::MappedName> names;
    for (const auto& mapping : *found) {
        promise(mapping.name.inode != 0, "memory without a file is none");
        promise(names.insert(mapping.name).second, "a file is there once");
        promise(is_name_in_map_files(mapping.range), "its range has the spelling of map_files");
        promise(mapping.path.find('\n') == std::string::npos, "a path is within its line");
    }
    promise(attest::names_of(*found) == std::vector(names.begin(), names.end()),
            "names come in order");
    if (!text.empty() && text.back() != '\n') text += '\n';
    const auto later = attest::executable_mappings(text.append(late_line));
    promise(later.has_value(), "a good line spoils nothing");
    names.insert(late_name);
    promise(later->size() == names.size(), "nothing hides what is mapped after it");
}

void check_environment(std::string text) {
    if (!text.empty()) text += '\0';
    for (const auto name : attest::loader_variables) {
        const std::string with = text + std::string(name) + "=/x";
        promise(!attest::check_loader_environment(with), "nothing hides a loader variable");
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string text(text_of({data, size}));
    check_maps(text);
    check_environment(text);
    return 0;
}
