// Launched: the agents that were started by us and run now, and which process belongs to which.
#ifndef HOLDFAST_DAEMON_CALLERS_LAUNCHED_H
#define HOLDFAST_DAEMON_CALLERS_LAUNCHED_H

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "attest/measure/process.h"
#include "daemon/callers/peer.h"
#include "daemon/link/launched.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_endings = 64;
inline constexpr std::size_t max_abandoned = 64;

class Launched {
  public:
    struct Entry {
        LaunchedInstance facts;
        std::vector<Sha256> code;    // what it may map, ordered
        attest::FileMark view_mark;  // of its tree's root when it was registered
        bool over = false;           // its code was not what was launched: never again
    };

    // Registered before its first instruction. invalid when `code` is not what the launcher makes.
    Done add(LaunchedInstance facts);
    void remove(const std::string& instance);
    // The last endings, newest last: a small memory for who waits.
    struct Ended {
        std::string agent, instance, how;
    };
    void remember(Ended ended);
    const std::deque<Ended>& endings() const noexcept { return endings_; }
    void end_session(const std::string& instance);
    // Its launch failed, and no launcher was there to kill it: where one turns up, it must not run.
    void abandon(std::string instance);
    bool is_abandoned(const std::string& instance) const;
    // A launcher that just started has told of all of its instances.
    void set_complete(bool complete) noexcept { complete_ = complete; }
    bool complete() const noexcept { return complete_; }

    const Entry* find(const std::string& instance) const;
    const std::map<std::string, Entry>& entries() const noexcept { return entries_; }
    // Instances of one agent.
    std::vector<std::string> of(const std::string& agent) const;
    // Instances of one manifest whose session is not over.
    std::vector<std::string> running(const Sha256& manifest) const;
    // Is this uid an agent's that runs now?
    bool is_launched(uid_t uid) const;

    // Whose process is it? Only for a uid that is_launched. denied:
    //   not_the_leader   a process that the agent started; its manifest lets only the leader sign
    //   instance_over    its code was not what was launched
    Result<const Entry*> behind(const Peer& peer) const;

  private:
    std::map<std::string, Entry> entries_;  // by instance
    std::deque<Ended> endings_;
    std::deque<std::string> abandoned_;
    bool complete_ = false;
};

// Nobody of its own uid may look into it: what is in /proc/PID belongs to root then (proc(5)).
// denied, leader_traceable.
Done check_untraceable(const Peer& peer);

// The cgroup the process is in now, as /proc/PID/cgroup shows it; denied, caller_gone.
Result<std::string> cgroup_of(const Peer& peer);

// Is every file of the view one of the instance's, and its executable the entrypoint (a leader's)
// or any file of it (another process's)? denied, measurement_mismatch.
Done check_code(const Launched::Entry& entry, const attest::ProcessView& view, bool is_leader);

// Warm: the instance's session is not over, the process still in its cgroup, the tree's root as it
// was [instance_over, measurement_changed].
Done check_place(const Launched::Entry& entry, const Peer& peer);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CALLERS_LAUNCHED_H
