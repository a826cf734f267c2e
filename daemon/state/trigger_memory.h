// TriggerMemory: what agents' triggers are judged by, and the way to what they set off.
#ifndef HOLDFAST_DAEMON_STATE_TRIGGER_MEMORY_H
#define HOLDFAST_DAEMON_STATE_TRIGGER_MEMORY_H

#include <cstdint>
#include <functional>
#include <optional>

#include "daemon/link/async.h"
#include "daemon/state/containment.h"
#include "policy/clock_watch.h"
#include "policy/heartbeats.h"
#include "policy/known_audiences.h"
#include "policy/seen_events.h"
#include "policy/trigger_counts.h"

namespace holdfast::daemon {

// Seconds of a clock that nobody sets.
inline std::int64_t steady_seconds() {
    constexpr std::int64_t nanoseconds = 1'000'000'000;
    return monotonic_ns() / nanoseconds;
}

// Event loop only.
struct TriggerMemory {
    policy::TriggerCounts counts;
    policy::KnownAudiences audiences;
    policy::ClockWatch clock;
    policy::Heartbeats heartbeats;
    policy::SeenEvents events;
    std::function<std::int64_t()> steady = steady_seconds;
    // When clocks and heartbeats were last looked at for every agent. Nothing: not since the last
    // apply.
    struct Looked {
        std::uint64_t epoch;  // of containment
        policy::Clocks due;   // by either clock: the next heartbeat that could be overdue
    };
    std::optional<Looked> looked;
    // Runs it on the loop beside everything else, and sees to what it leaves unfinished.
    std::function<void(Async<std::monostate> work)> beside;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_TRIGGER_MEMORY_H
