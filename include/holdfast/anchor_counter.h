// The anchor counter: a number in the TPM that only grows, by which a state directory restored from
// an earlier day is noticed. Not the register's anchor event (holdfast/register.h), which begins
// the log of one boot: this one outlives reboots, and no evidence shows it.
#ifndef HOLDFAST_ANCHOR_COUNTER_H
#define HOLDFAST_ANCHOR_COUNTER_H

#include <cstdint>
#include <string>
#include <string_view>

namespace holdfast {

enum class AnchorState : std::uint8_t {
    absent = 0,  // not made yet, no room for it, or its place is taken
    ready = 1,
};

constexpr std::string_view to_string(AnchorState state) noexcept {
    return state == AnchorState::ready ? "ready" : "absent";
}

// What a ledger record can hold (RFC 8259 §6, RFC 7493 §2.2): 2⁵³−1.
inline constexpr std::uint64_t max_anchor_value = (std::uint64_t{1} << 53U) - 1;

// What the TPM said when it was asked.
struct AnchorReading {
    AnchorState state = AnchorState::absent;
    std::uint64_t value = 0;  // 1 to max_anchor_value; 0 while absent
    std::string reason;       // why it is absent, or what is odd about it; for operators
    friend bool operator==(const AnchorReading&, const AnchorReading&) = default;
};

}  // namespace holdfast

#endif  // HOLDFAST_ANCHOR_COUNTER_H
