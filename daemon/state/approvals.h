// Approvals: what agents have asked approval for and operators have not forgotten yet, in memory.
#ifndef HOLDFAST_DAEMON_STATE_APPROVALS_H
#define HOLDFAST_DAEMON_STATE_APPROVALS_H

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/bell.h"
#include "policy/approval.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_approvals_kept = 1024;
inline constexpr std::size_t max_open_approvals_per_agent = 32;

// Lost at a restart on purpose: the agent asks again, and an old signature fits no new id. Event
// loop only; what find gives is valid until the next co_await.
class Approvals {
  public:
    struct Kept {
        std::string agent;  // name
        policy::Approval approval;
        bool is_over = false;  // its expiry was told
    };
    using Table = std::map<std::string, Kept, std::less<>>;  // by id

    Approvals() = default;
    Approvals(const Approvals&) = delete;
    Approvals& operator=(const Approvals&) = delete;
    ~Approvals() = default;

    // busy, too_many_approvals: this agent has as many open ones as an agent may have, or all are
    // open that can be kept. Makes room by forgetting the one that is closed and ends first.
    Done add(std::string agent, policy::Approval approval, std::int64_t now);
    void remove(std::string_view id);

    // not_found, unknown_approval.
    Result<Kept*> find(std::string_view id);
    // The same for another agent's: nobody learns what others ask.
    Result<const Kept*> find_of(std::string_view agent, std::string_view id) const;
    const Table& all() const noexcept { return kept_; }

    // The agent was stopped: what was approved before is void, also once it is reinstated.
    void forget(std::string_view agent);

    // Those that expired open since it was asked last, each once; nothing follows from asking late.
    std::vector<std::string> newly_expired(std::int64_t now);
    // The next moment at which one will; none while none is open.
    std::optional<std::int64_t> next_end() const;

    // Until this one changes, or the time is over.
    Async<std::monostate> change(std::string id, std::chrono::milliseconds at_most);
    void changed(std::string_view id);

  private:
    Done make_room(std::string_view agent, std::int64_t now);

    Table kept_;
    // Each bell is owned by the wait itself; here it is only reached.
    std::multimap<std::string, std::weak_ptr<Bell>, std::less<>> waits_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_APPROVALS_H
