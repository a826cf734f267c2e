// FakeAnchor: an anchor counter without a chip, which may be moved, lost or full.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_ANCHOR_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_ANCHOR_H

#include <cstdint>

#include "hsm/anchor_keeper.h"

namespace holdfast::tests {

class FakeAnchor final : public hsm::AnchorKeeper {
  public:
    std::uint64_t value = 0;       // 0: absent
    std::uint64_t begins_at = 41;  // as after counters that lived before it
    bool is_full = false;          // the chip has no room to make it
    int counted = 0;

    Result<AnchorReading> read() override {
        if (value == 0) return AnchorReading{AnchorState::absent, 0, "not made yet"};
        return AnchorReading{AnchorState::ready, value, ""};
    }
    Result<AnchorReading> advance(std::uint64_t to) override {
        if (to == 0 && value == 0 && is_full)
            return AnchorReading{AnchorState::absent, 0, "tpm_nv_full: no room"};
        if (to == 0 && value == 0) return count_to(begins_at);
        if (to == 0 || to == value) return read();
        if (value == 0 || to != value + 1)
            return Error(Code::conflict, "the counter is elsewhere")
                .because(std::string(hsm::anchor_differs));
        return count_to(to);
    }

  private:
    Result<AnchorReading> count_to(std::uint64_t to) {
        value = to;
        ++counted;
        return read();
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_ANCHOR_H
