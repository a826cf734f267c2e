// Front: what every connection shares. Handlers stand behind one function, so tests can have
// theirs.
#ifndef HOLDFAST_DAEMON_FRONT_FRONT_H
#define HOLDFAST_DAEMON_FRONT_FRONT_H

#include <chrono>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "daemon/front/admission.h"
#include "daemon/front/routes.h"
#include "daemon/state/refusals.h"

namespace holdfast::daemon {

// How long a connection waits. Members of a Front only so that tests need not wait as long.
struct TimeLimits {
    std::chrono::milliseconds idle{60'000};    // between requests
    std::chrono::milliseconds request{2'000};  // from its first byte to its last
    std::chrono::milliseconds reply{10'000};   // for the caller to take the answer
    std::chrono::milliseconds farewell{1'000};
};

// Which descriptors belong to the admin socket: asked before an agent's request is begun.
class AdminLane {
  public:
    void add(int descriptor) { descriptors_.push_back(descriptor); }
    void remove(int descriptor) { std::erase(descriptors_, descriptor); }
    bool is_waiting() const;  // something to accept or to read there, right now

  private:
    std::vector<int> descriptors_;
};

// References and functions: main owns all, they live as long as the event loop.
struct Front {
    Instances& instances;
    Containment& containment;
    Admission& admission;
    std::span<const Route> routes;
    std::function<Async<Answer>(const Route& route, const Call& call)> handle;
    // Durable, or over budget, when it returns.
    std::function<Async<std::monostate>(const Refusal& refusal)> refused;
    std::function<Async<std::uint64_t>(std::uint64_t sequence, std::string reason)> withheld;
    std::size_t descriptor_ceiling;  // what serves agents stays below it
    TimeLimits limits{};
    AdminLane admin_lane{};
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_FRONT_H
