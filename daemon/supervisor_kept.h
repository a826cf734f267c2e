// KeptInstances: what of launched agents outlives the launcher; handed to its successor.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_KEPT_H
#define HOLDFAST_DAEMON_SUPERVISOR_KEPT_H

#include <chrono>
#include <map>
#include <string>

#include "daemon/link/messages.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::chrono::seconds hand_over_time{2};  // for a launcher to take them all

// Raises this process's limit of open files for as many instances as may run.
void allow_kept_descriptors();

class KeptInstances {
  public:
    // keep_instance and forget_instance; anything else is invalid.
    Done take(Message message);
    // All of them, then kept_all. The launcher reads them first of all.
    Done hand_over(int link) const;
    // Kills every process of every instance: no launcher is left to do it.
    void kill_all();
    std::size_t size() const noexcept { return kept_.size(); }

  private:
    std::map<std::string, Message> kept_;  // by instance
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_KEPT_H
