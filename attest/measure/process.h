// Looks at a running process from outside: executable, mappings, loader environment, by descriptor.
#ifndef HOLDFAST_ATTEST_MEASURE_PROCESS_H
#define HOLDFAST_ATTEST_MEASURE_PROCESS_H

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/measurement.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_mapped_files = 200;  // fits one message's descriptors
inline constexpr std::size_t max_maps_text = 4UL * 1024 * 1024;
inline constexpr std::size_t max_environment = 256UL * 1024;
inline constexpr std::uint64_t max_measured_bytes = 2ULL * 1024 * 1024 * 1024;  // about 1.3 s

// What must stay the same for a file to be the one that was hashed.
struct FileMark {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    std::uint32_t mode = 0, uid = 0;
    friend auto operator<=>(const FileMark&, const FileMark&) = default;
};
Result<FileMark> mark_of(int descriptor);

struct MeasureRules {
    uid_t uid;                        // all four uids of the process must be this one
    bool allow_writable_executables;  // only --dev: the agent's uid may then change its own code
};

// What /proc/PID/maps calls a mapped file. On btrfs and overlayfs that is not what statx says, so
// the two are never compared with each other.
struct MappedName {
    std::uint64_t device;
    std::uint64_t inode;
    friend auto operator<=>(const MappedName&, const MappedName&) = default;
};

// One hashed file, still open: later checks compare its mark, not its name.
struct OpenFile {
    Descriptor descriptor;
    FileMark mark;
};

struct ProcessView {
    Measurement measurement;
    Descriptor maps;                 // /proc/PID/maps: the mm pin, reads 0 bytes after exec
    std::vector<OpenFile> files;     // the executable first, then every other executable mapping
    std::vector<MappedName> mapped;  // every file mapped executable; ordered, each once
    // Later checks leave changed_ns aside: files of a store that root alone may write get links.
    bool ignores_change_time = false;
};

// `pidfd` pins the process: it must be alive before and after. Code::denied with these reasons:
//   caller_gone          it ended, or `pidfd` is of another process
//   uid_changed          one of its four uids is another than rules.uid
//   loader_environment   a variable is set that makes the loader take other code
//   deleted_executable   the executable or a mapped file has no name any more, or never had (memfd)
//   writable_executable  rules.uid owns one of the files, or group or others may write it
//   unsuitable_file_system  one of them is not on a file system that answers by itself
//   too_many_mappings    one of the limits above
//   measurement_changed  it executed, mapped or wrote something meanwhile
// Anonymous executable memory (JITs) is not measured. Root's own files are hashed once per mark.
Result<ProcessView> measure_process(pid_t pid, int pidfd, const MeasureRules& rules);

// Warm check, needs no privilege: alive [caller_gone]; the maps pin still readable and naming the
// same executable files, every file's mark as it was [measurement_changed].
Done still_unchanged(int pidfd, const ProcessView& view);

// See include/holdfast/measurement.h.
Sha256 measurement_digest(const Measurement& measurement);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_PROCESS_H
