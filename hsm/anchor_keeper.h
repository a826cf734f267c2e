// AnchorKeeper: a counter in hardware that shows when the disk is older than it. Synchronous.
#ifndef HOLDFAST_HSM_ANCHOR_KEEPER_H
#define HOLDFAST_HSM_ANCHOR_KEEPER_H

#include <cstdint>

#include "holdfast/anchor_counter.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

// The counter is not where whoever asked believes it to be.
inline constexpr std::string_view anchor_differs = "anchor_differs";

class AnchorKeeper {
  public:
    AnchorKeeper() = default;
    AnchorKeeper(const AnchorKeeper&) = delete;
    AnchorKeeper& operator=(const AnchorKeeper&) = delete;
    virtual ~AnchorKeeper() = default;

    // Changes nothing. conflict with reason anchor_too_large past max_anchor_value.
    virtual Result<AnchorReading> read() = 0;

    // Idempotent, so that it may be repeated when an answer was lost: counts when the value is
    // to − 1, is done when it is `to`, and is conflict [anchor_differs] otherwise. `to` 0: makes
    // the counter where there is none, at whatever value the chip begins it; absent, with the
    // reason, where it cannot be made.
    virtual Result<AnchorReading> advance(std::uint64_t to) = 0;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_ANCHOR_KEEPER_H
