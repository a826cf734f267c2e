// What the fuzz targets share: a promise that ends the process when broken, and input in pieces.
#ifndef HOLDFAST_TESTS_FUZZ_FUZZ_H
#define HOLDFAST_TESTS_FUZZ_FUZZ_H

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <iostream>

#include "holdfast/bytes.h"

namespace holdfast::fuzz {

inline void promise(bool holds, const char* what) {
    if (holds) return;
    std::cerr << "broken promise: " << what << '\n';
    std::abort();
}

// One input for several things; what has run out reads as zero.
class Pieces {
  public:
    explicit Pieces(ByteView input) : rest_(input) {}

    std::uint8_t byte() {
        const auto taken = take(1);
        return taken.empty() ? std::uint8_t{0} : taken.front();
    }
    std::size_t number() {
        const std::size_t high = byte();
        return high << 8U | byte();
    }
    ByteView take(std::size_t size) {
        const auto taken = rest_.first(std::min(size, rest_.size()));
        rest_ = rest_.subspan(taken.size());
        return taken;
    }
    ByteView rest() const { return rest_; }

  private:
    ByteView rest_;
};

inline bool same(ByteView a, ByteView b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
}

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_FUZZ_H
