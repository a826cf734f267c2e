// AgentLog: what an agent's instances print, in a file of bounded size.
#ifndef HOLDFAST_DAEMON_LAUNCHER_LOGS_H
#define HOLDFAST_DAEMON_LAUNCHER_LOGS_H

#include <sys/types.h>

#include <cstdint>
#include <string>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::uint64_t max_agent_log = 16ULL * 1024 * 1024;  // then it becomes NAME.log.1

// DIR/NAME.log: root's, readable by the operators' group. Written by the launcher, not by the
// agent: it can neither grow past the bound nor be rewritten by who printed it.
class AgentLog {
  public:
    static Result<AgentLog> open(const std::string& path, gid_t readers,
                                 std::uint64_t bound = max_agent_log);

    const std::string& path() const noexcept { return path_; }
    // Takes what a pipe holds right now. False at its end.
    bool take_from(int pipe);

  private:
    AgentLog(Descriptor file, std::string path, gid_t readers, std::uint64_t size,
             std::uint64_t bound)
        : file_(std::move(file)),
          path_(std::move(path)),
          readers_(readers),
          size_(size),
          bound_(bound) {}
    bool rotate();

    Descriptor file_;
    std::string path_;
    gid_t readers_;
    std::uint64_t size_;
    std::uint64_t bound_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_LOGS_H
