// Clocks: one moment by two clocks.
#ifndef HOLDFAST_POLICY_CLOCKS_H
#define HOLDFAST_POLICY_CLOCKS_H

#include <cstdint>

namespace holdfast::policy {

// Both in seconds. The wall clock is what the ledger knows, and anybody with root sets it; the
// other one begins with each boot, stands still while the host sleeps, and nobody sets it.
struct Clocks {
    std::int64_t wall = 0;  // Unix
    std::int64_t steady = 0;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_CLOCKS_H
