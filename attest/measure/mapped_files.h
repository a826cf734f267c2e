// The files behind a process's executable mappings: opened, judged by their owner, hashed.
#ifndef HOLDFAST_ATTEST_MEASURE_MAPPED_FILES_H
#define HOLDFAST_ATTEST_MEASURE_MAPPED_FILES_H

#include <map>

#include "attest/measure/maps.h"
#include "attest/measure/process_directory.h"

namespace holdfast::attest {

// A file judged fit to be measured.
struct CodeFile {
    OpenFile file;
    std::string path;
};

// denied: deleted_executable, writable_executable, unsuitable_file_system.
Result<CodeFile> open_executable(const ProcessDirectory& process, const MeasureRules& rules);
// Through map_files; where that is not permitted (--dev) by path below /proc/PID/root, and then
// it must be the mapped file itself.
Result<CodeFile> open_mapping(const ProcessDirectory& process, const ExecutableMapping& mapping,
                              const MeasureRules& rules);

// Digests of files that only root may write, by their whole mark. A store through an already dirty
// shared mapping leaves ctime alone, so files anyone else may write are hashed each time.
class DigestCache {
  public:
    static constexpr std::size_t max_entries = 4096;

    // denied, measurement_changed, when the file changed during two runs of hashing.
    Result<Sha256> digest_of(OpenFile& file, const MeasureRules& rules);
    std::size_t hits() const noexcept { return hits_; }

  private:
    std::map<FileMark, Sha256> digests_;
    std::size_t hits_ = 0;
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_MAPPED_FILES_H
