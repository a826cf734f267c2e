// LastAnchor: which value of the anchor counter the ledger recorded last, read from its records.
#ifndef HOLDFAST_DAEMON_STATE_LAST_ANCHOR_H
#define HOLDFAST_DAEMON_STATE_LAST_ANCHOR_H

#include <cstdint>

#include "holdfast/result.h"
#include "ledger/record.h"

namespace holdfast::daemon {

inline constexpr const char* anchor_type = "anchor";

// A fold over the ledger: given every record in order, when the daemon starts.
class LastAnchor {
  public:
    // invalid when an "anchor" record has no value, or one out of range: nothing of ours wrote it.
    Done take(const ledger::Record& record);

    // 0: none was recorded, or the last record says that there is no counter.
    std::uint64_t value() const noexcept { return value_; }

  private:
    std::uint64_t value_ = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LAST_ANCHOR_H
