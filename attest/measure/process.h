// Looks at a running process from outside: executable, mappings, loader environment, by descriptor.
#ifndef HOLDFAST_ATTEST_MEASURE_PROCESS_H
#define HOLDFAST_ATTEST_MEASURE_PROCESS_H

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/measurement.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_mapped_files = 200;  // fits one message's descriptors
inline constexpr std::size_t max_maps_text = 4UL * 1024 * 1024;
inline constexpr std::size_t max_environment = 256UL * 1024;

// What must stay the same for a file to be the one that was hashed.
struct FileMark {
    std::uint64_t device = 0, inode = 0, size = 0;
    std::int64_t modified_ns = 0, changed_ns = 0;
    std::uint32_t mode = 0, uid = 0;
    friend bool operator==(const FileMark&, const FileMark&) = default;
};
Result<FileMark> mark_of(int descriptor);

struct MeasureRules {
    uid_t uid;                        // all four uids of the process must be this one
    bool allow_writable_executables;  // only --dev: the agent's uid may then change its own code
};

// One hashed file, still open: later checks compare its mark, not its name.
struct OpenFile {
    Descriptor descriptor;
    FileMark mark;
};

struct ProcessView {
    Measurement measurement;
    Descriptor maps;              // /proc/PID/maps: the mm pin, reads 0 bytes after exec
    std::vector<OpenFile> files;  // the executable first, then every executable mapping
};

// `pidfd` pins the process: it must be alive before and after. Refuses (denied, reason in
// brackets): loader environment [loader_environment], deleted or memfd executable
// [deleted_executable], executable or mapping its uid may write [writable_executable], other uids
// [uid_changed], anonymous executable memory is allowed (JITs) and said in docs. Hashes twice if a
// file changed.
Result<ProcessView> measure_process(pid_t pid, int pidfd, const MeasureRules& rules);

// Warm check, no privilege needed: pidfd alive, maps pin still readable with the same set of
// executable mappings (device, inode), every file's mark unchanged. reason "measurement_changed".
Done still_unchanged(int pidfd, const ProcessView& view);

// See include/holdfast/measurement.h.
Sha256 measurement_digest(const Measurement& measurement);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_PROCESS_H
