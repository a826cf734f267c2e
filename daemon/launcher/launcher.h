// LaunchWorker: starts agents from the store, guards their execs, and ends them.
#ifndef HOLDFAST_DAEMON_LAUNCHER_LAUNCHER_H
#define HOLDFAST_DAEMON_LAUNCHER_LAUNCHER_H

#include <poll.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "daemon/cgroups.h"
#include "daemon/config.h"
#include "daemon/launcher/agent_records.h"
#include "daemon/launcher/gate.h"
#include "daemon/launcher/importers.h"
#include "daemon/launcher/logs.h"
#include "daemon/launcher/plan.h"
#include "daemon/link/kept.h"
#include "daemon/link/launched.h"

namespace holdfast::daemon {

inline constexpr std::chrono::seconds release_patience{60};  // between prepared and released
inline constexpr std::chrono::seconds stop_patience{10};     // between SIGTERM and SIGKILL

class LaunchWorker {
  public:
    using Clock = std::chrono::steady_clock;
    struct Parts {
        const Settings& settings;
        AgentRecords records;
        Result<Cgroups> cgroups;  // an Error says which guarantee is missing
        gid_t log_readers;
        std::function<std::int64_t()> now;  // Unix seconds
        // To the supervisor, and to the front unasked. Failures end the process.
        std::function<void(const Message&)> keep;
        std::function<void(const LaunchNotice&)> tell;
        std::function<void(Message)> answer_later;  // store_answer
    };
    explicit LaunchWorker(Parts parts);

    // One that a launcher before us had started. What had not executed yet is ended.
    void adopt(KeptInstance kept);

    // After the last of them: what nobody knows any more is killed.
    void end_leftovers();

    Result<Reply> handle(const Message& request);

    // What there is to wait for, and until when; then what became ready.
    void watch(std::vector<pollfd>& watched) const;
    std::optional<Clock::time_point> next_event() const;
    void serve(const std::vector<pollfd>& watched);
    // Everything at once: the supervisor is gone.
    void kill_all();

  private:
    struct Running {
        KeptInstance kept;
        Gate gate;
        Descriptor control;   // until it has executed
        bool is_ours = true;  // a child of this process: its exit status can be read
        std::optional<Clock::time_point> kill_at;
    };

    Result<Reply> prepare(const LaunchOrder& order);
    Result<Reply> ask_store(const Message& request);
    Result<Bytes> store_payload(const Message& request) const;
    Result<KeptInstance> start(const LaunchOrder& order, LaunchPlan plan, Descriptor& control);
    Done release(Running& running);
    Done wait_for_exec(Running& running);
    Done end(Running& running, Ending ending);
    void kill(Running& running);
    void serve_gate(Running& running);
    bool reap(Running& running);
    Done give_cgroup(KeptInstance& kept) const;
    Result<std::string> data_directory(const LaunchPlan& plan) const;
    Result<AgentLog*> log_of(const std::string& agent);
    Result<Running*> find(const std::string& instance);
    void remove_cgroups();

    Parts parts_;
    Importers importers_;
    std::map<std::string, Running> running_;  // by instance
    std::map<std::string, AgentLog> logs_;    // by agent
    std::vector<std::string> ended_cgroups_;  // not yet empty
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_LAUNCHER_H
