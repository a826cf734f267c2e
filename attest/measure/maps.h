// Reads the text of /proc/PID/maps (proc_pid_maps(5)): which files are mapped executable, and
// where.
#ifndef HOLDFAST_ATTEST_MEASURE_MAPS_H
#define HOLDFAST_ATTEST_MEASURE_MAPS_H

#include <string>
#include <string_view>
#include <vector>

#include "attest/measure/process.h"

namespace holdfast::attest {

struct ExecutableMapping {
    std::string range;  // "55ed5c8b1000-55ed5c8b6000": its name in /proc/PID/map_files
    MappedName name;
    std::string path;  // as shown, " (deleted)" included
};

// File-backed executable mappings in the order of their addresses, one per file. Memory without a
// file (JIT, vdso) has inode 0 and is left out. internal when a line is not of the documented form.
Result<std::vector<ExecutableMapping>> executable_mappings(std::string_view maps);

// Their names, ordered.
std::vector<MappedName> names_of(const std::vector<ExecutableMapping>& mappings);

// What maps would call an open file: asked of the kernel by mapping it here.
Result<MappedName> mapped_name_of(int descriptor);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_MAPS_H
