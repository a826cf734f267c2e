#include "tests/attacks/own_mappings.h"

#include <sys/mman.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <vector>

namespace holdfast::attacks {
namespace {

struct Mapping {
    std::uintptr_t start = 0, end = 0;
    int protection = PROT_NONE;
};

std::uintptr_t address(const std::string& text) {
    std::uintptr_t value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value, 16);
    return value;
}

Mapping mapping_of(const std::string& line) {
    const auto dash = line.find('-');
    const auto blank = line.find(' ');
    Mapping mapping;
    mapping.start = address(line.substr(0, dash));
    mapping.end = address(line.substr(dash + 1, blank - dash - 1));
    const auto permissions = line.substr(blank + 1, 3);
    if (permissions[0] == 'r') mapping.protection |= PROT_READ;
    if (permissions[1] == 'w') mapping.protection |= PROT_WRITE;
    if (permissions[2] == 'x') mapping.protection |= PROT_EXEC;
    return mapping;
}

// One call puts the copy where the file was mapped, so the code goes on as if nothing had happened.
bool forget(const Mapping& mapping) {
    auto* const there = reinterpret_cast<void*>(mapping.start);
    const auto size = mapping.end - mapping.start;
    void* const copy =
        ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) return false;
    if ((mapping.protection & PROT_READ) != 0) std::memcpy(copy, there, size);
    return ::mprotect(copy, size, mapping.protection) == 0 &&
           ::mremap(copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, there) == there;
}

}  // namespace

bool forget_file(const std::string& end_of_path) {
    std::vector<Mapping> mappings;
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);)
        if (line.ends_with(end_of_path)) mappings.push_back(mapping_of(line));
    bool all = !mappings.empty();
    for (const auto& mapping : mappings)
        all = forget(mapping) && all;
    return all;
}

}  // namespace holdfast::attacks
