#include "attest/measure/maps.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <optional>
#include <set>

#include "attest/measure/process_directory.h"

namespace holdfast::attest {
namespace {

struct Line {
    std::string_view permissions, path;
    std::uint64_t start = 0, end = 0;
    MappedName name{};
};

// Takes one field and the blanks after it; only the path may be empty or hold blanks.
std::string_view take_field(std::string_view& rest) {
    const auto end = std::min(rest.find(' '), rest.size());
    const auto field = rest.substr(0, end);
    rest.remove_prefix(std::min(rest.find_first_not_of(' ', end), rest.size()));
    return field;
}

std::optional<std::uint64_t> number(std::string_view text, int base) {
    std::uint64_t value = 0;
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, value, base);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return value;
}

// "fe:00"
std::optional<std::uint64_t> device(std::string_view text) {
    const auto colon = text.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    const auto major_number = number(text.substr(0, colon), 16);
    const auto minor_number = number(text.substr(colon + 1), 16);
    if (!major_number || !minor_number) return std::nullopt;
    return makedev(static_cast<unsigned>(*major_number), static_cast<unsigned>(*minor_number));
}

// start-end permissions offset device inode [path]
std::optional<Line> parse_line(std::string_view text) {
    Line line;
    const auto range = take_field(text);
    line.permissions = take_field(text);
    (void)take_field(text);
    const auto dev = take_field(text);
    const auto inode = number(take_field(text), 10);
    line.path = text;
    const auto dash = range.find('-');
    if (dash == std::string_view::npos || line.permissions.size() != 4 || !inode)
        return std::nullopt;
    const auto start = number(range.substr(0, dash), 16);
    const auto end = number(range.substr(dash + 1), 16);
    const auto on = device(dev);
    if (!start || !end || !on) return std::nullopt;
    line.start = *start;
    line.end = *end;
    line.name = {*on, *inode};
    return line;
}

// Its name in map_files, where addresses are not padded: maps writes 00400000 for a program that is
// linked to a fixed address, map_files 400000.
std::string range_of(const Line& line) {
    std::array<char, 2 * 16 + 1> text{};
    char* const limit = text.data() + text.size();
    char* end = std::to_chars(text.data(), limit, line.start, 16).ptr;
    *end++ = '-';
    end = std::to_chars(end, limit, line.end, 16).ptr;
    return {text.data(), end};
}

Error malformed() {
    return {Code::internal, "measure: /proc/PID/maps is not of the documented form"};
}

std::string_view take_line(std::string_view& text) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return line;
}

struct Unmap {
    static constexpr std::size_t size = 1;  // the kernel rounds up to a page
    void operator()(void* memory) const noexcept { (void)::munmap(memory, size); }
};

}  // namespace

Result<std::vector<ExecutableMapping>> executable_mappings(std::string_view maps) {
    std::vector<ExecutableMapping> found;
    std::set<MappedName> seen;
    while (!maps.empty()) {
        const auto line = parse_line(take_line(maps));
        if (!line) return malformed();
        if (line->permissions[2] != 'x' || line->name.inode == 0) continue;
        if (!seen.insert(line->name).second) continue;
        found.push_back({range_of(*line), line->name, std::string(line->path)});
    }
    return found;
}

std::vector<MappedName> names_of(const std::vector<ExecutableMapping>& mappings) {
    std::vector<MappedName> names;
    names.reserve(mappings.size());
    for (const auto& mapping : mappings)
        names.push_back(mapping.name);
    std::sort(names.begin(), names.end());
    return names;
}

Result<MappedName> mapped_name_of(int descriptor) {
    void* const memory = ::mmap(nullptr, Unmap::size, PROT_READ, MAP_PRIVATE, descriptor, 0);
    if (memory == MAP_FAILED) return system_error("measure: mmap");
    const std::unique_ptr<void, Unmap> owned(memory);
    const Descriptor own(::open("/proc/self/maps", O_RDONLY | O_CLOEXEC));
    if (!own) return system_error("measure: open /proc/self/maps");
    HOLDFAST_TRY(text, read_text(own.get(), maps_bound));
    std::string_view rest = text;
    while (!rest.empty()) {
        const auto line = parse_line(take_line(rest));
        if (!line) return malformed();
        if (line->start == reinterpret_cast<std::uintptr_t>(memory)) return line->name;
    }
    // Not reached: offset 0 of a file can only be merged with what follows it.
    return Error(Code::internal, "measure: own mapping not found in /proc/self/maps");
}

}  // namespace holdfast::attest
