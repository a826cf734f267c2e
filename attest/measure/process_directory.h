// ProcessDirectory: /proc/PID held open, so that every name below it is of that very process.
#ifndef HOLDFAST_ATTEST_MEASURE_PROCESS_DIRECTORY_H
#define HOLDFAST_ATTEST_MEASURE_PROCESS_DIRECTORY_H

#include <sys/types.h>

#include <string>
#include <string_view>

#include "attest/measure/process.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// How much of a text of the kernel's is read, and the reason given when there is more.
struct TextBound {
    std::size_t bytes;
    const char* reason;
};
inline constexpr TextBound maps_bound{max_maps_text, "too_many_mappings"};
inline constexpr TextBound environment_bound{max_environment, "loader_environment"};
inline constexpr TextBound status_bound{64UL * 1024, "uid_changed"};

class ProcessDirectory {
  public:
    // denied, caller_gone, unless `pidfd` is of `pid` and the process is alive after opening. Then
    // the directory cannot be of a later process with the same number: the kernel binds it to the
    // process, and names below it fail with ESRCH once that is gone.
    static Result<ProcessDirectory> open(pid_t pid, int pidfd);

    // not_found, denied or unavailable as errno says, with the name in the text.
    Result<Descriptor> open_file(const std::string& name) const;
    Result<Descriptor> open_directory(const std::string& name) const;
    Result<std::string> read(const std::string& name, const TextBound& bound) const;
    Result<std::string> read_link(const std::string& name) const;

  private:
    explicit ProcessDirectory(Descriptor directory) : directory_(std::move(directory)) {}
    Result<Descriptor> open_as(const std::string& name, int flags) const;

    Descriptor directory_;
};

// denied, caller_gone, once the process has ended.
Done check_alive(int pidfd);

// The whole text from offset 0, whatever the position.
Result<std::string> read_text(int descriptor, const TextBound& bound);

// errno as an Error, with the step that failed.
Error system_error(std::string_view step);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MEASURE_PROCESS_DIRECTORY_H
