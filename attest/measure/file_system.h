// Which file systems code may lie on: those that answer by themselves, at once, and to all alike.
#ifndef HOLDFAST_ATTEST_MEASURE_FILE_SYSTEM_H
#define HOLDFAST_ATTEST_MEASURE_FILE_SYSTEM_H

#include <cstdint>
#include <string_view>

#include "holdfast/result.h"

namespace holdfast::attest {

// By statfs(2)'s f_type. A process (FUSE, which is virtiofs too) or another machine (NFS, SMB, 9P
// and the like) stands behind these: it can keep every reader waiting, the daemon's check before
// each use among them, and can show the measurer other bytes than the agent.
bool is_answered_elsewhere(std::uint64_t type);

// denied, unsuitable_file_system. An overlay is judged as an overlay, whatever lies below it.
Done check_file_system(int descriptor, std::string_view path);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_FILE_SYSTEM_H
