// Admission: how many connections and requests at once, in all and per uid.
#ifndef HOLDFAST_DAEMON_FRONT_ADMISSION_H
#define HOLDFAST_DAEMON_FRONT_ADMISSION_H

#include <sys/types.h>

#include <cstddef>
#include <map>

#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_admin_connections = 32;  // theirs alone, whatever agents do
inline constexpr std::size_t max_in_flight = 256;         // requests being answered, agent socket
// Fewer than a link has credits: one uid alone must not use up all of them.
inline constexpr std::size_t max_in_flight_per_uid = 24;
// Callers for whose uid no agent is declared. Uids are cheap (a user namespace maps 65,536 of
// them), so together they get this much, and agents keep theirs.
inline constexpr std::size_t max_stranger_connections = 64;
inline constexpr std::size_t max_stranger_connections_per_uid = 8;
// Connections over a limit that are still told so, with Retry-After; past these they are closed.
inline constexpr std::size_t max_turned_away = 64;
inline constexpr std::size_t max_turned_away_per_uid = 8;

// Counts what is taken, per uid and in all. Event loop only.
class Counter {
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
        Seat(Counter& counter, uid_t uid) : counter_(&counter), uid_(uid) {}
        Counter* counter_ = nullptr;
        uid_t uid_ = 0;
    };

    Counter(std::size_t limit, std::size_t limit_per_uid)
        : limit_(limit), limit_per_uid_(limit_per_uid) {}
    // busy: this uid has its share; unavailable: all are taken. Reason too_many_requests.
    Result<Seat> take(uid_t uid);
    std::size_t taken() const noexcept { return taken_; }

  private:
    void give_back(uid_t uid);

    std::size_t limit_, limit_per_uid_;
    std::size_t taken_ = 0;
    std::map<uid_t, std::size_t> per_uid_;
};

struct Admission {
    Admission(std::size_t connections, std::size_t connections_per_uid)
        : agents(connections, connections_per_uid) {}

    Counter agents;
    Counter strangers{max_stranger_connections, max_stranger_connections_per_uid};
    Counter admins{max_admin_connections, max_admin_connections};
    Counter turned_away{max_turned_away, max_turned_away_per_uid};
    Counter requests{max_in_flight, max_in_flight_per_uid};
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_ADMISSION_H
