// Admission: how many connections and requests at once, in all and per uid.
#ifndef HOLDFAST_DAEMON_FRONT_ADMISSION_H
#define HOLDFAST_DAEMON_FRONT_ADMISSION_H

#include <sys/types.h>

#include <cstddef>
#include <map>
#include <string>

#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_admin_connections = 32;  // theirs alone, whatever agents do
inline constexpr std::size_t max_in_flight = 256;         // requests being answered, agent socket
inline constexpr std::size_t max_in_flight_per_uid = 24;
// Fewer than a uid's: agents that share one leave each other room.
inline constexpr std::size_t max_in_flight_per_agent = 16;
// Callers for whose uid no agent is declared. Uids are cheap (a user namespace maps 65,536 of
// them), so together they get this much, and agents keep theirs.
inline constexpr std::size_t max_stranger_connections = 64;
inline constexpr std::size_t max_stranger_connections_per_uid = 8;
// Connections over a limit that are still told so, with Retry-After; past these they are closed.
inline constexpr std::size_t max_turned_away = 64;
inline constexpr std::size_t max_turned_away_per_uid = 8;

// Counts what is taken, by each ("uid 1000", "agent deploy-bot") and in all. Event loop only.
class Counter {
    using Taken = std::map<std::string, std::size_t>;

  public:
    // Taken until it goes.
    class Seat {
      public:
        Seat() = default;
        Seat(Seat&& other) noexcept;
        Seat& operator=(Seat&& other) noexcept;
        Seat(const Seat&) = delete;
        Seat& operator=(const Seat&) = delete;
        ~Seat();

      private:
        friend class Counter;
        Seat(Counter& counter, Taken::iterator whose) : counter_(&counter), whose_(whose) {}
        Counter* counter_ = nullptr;
        Taken::iterator whose_;
    };

    Counter(std::size_t limit, std::size_t limit_each) : limit_(limit), limit_each_(limit_each) {}
    // busy: they have their share; unavailable: all are taken. Reason too_many_requests.
    Result<Seat> take(const std::string& whose);
    Result<Seat> take(uid_t uid) { return take("uid " + std::to_string(uid)); }
    std::size_t taken() const noexcept { return taken_; }

  private:
    void give_back(Taken::iterator whose);

    std::size_t limit_, limit_each_;
    std::size_t taken_ = 0;
    Taken each_;
};

struct Admission {
    Admission(std::size_t connections, std::size_t connections_per_uid)
        : agents(connections, connections_per_uid) {}

    Counter agents;
    Counter strangers{max_stranger_connections, max_stranger_connections_per_uid};
    Counter admins{max_admin_connections, max_admin_connections};
    Counter turned_away{max_turned_away, max_turned_away_per_uid};
    Counter requests{max_in_flight, max_in_flight_per_uid};
    Counter requests_of_agents{max_in_flight, max_in_flight_per_agent};
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_ADMISSION_H
