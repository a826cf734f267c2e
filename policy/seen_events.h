// SeenEvents: which security event tokens were taken already. A fold over the ledger.
#ifndef HOLDFAST_POLICY_SEEN_EVENTS_H
#define HOLDFAST_POLICY_SEEN_EVENTS_H

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::policy {

inline constexpr std::size_t max_seen_events = 4096;

class SeenEvents {
  public:
    void take(std::string_view issuer, std::string_view id, std::int64_t issued);
    // conflict, set_replayed: taken before. denied, set_time: issued no later than one that had to
    // be forgotten for want of room, so nobody can say.
    Done check(std::string_view issuer, std::string_view id, std::int64_t issued) const;
    std::size_t size() const noexcept { return issued_.size(); }

  private:
    std::map<Sha256, std::int64_t> issued_;              // by issuer and id
    std::set<std::pair<std::int64_t, Sha256>> by_time_;  // the same
    std::int64_t forgotten_ = -1;                        // the newest of those
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_SEEN_EVENTS_H
