// Samples: how long each turn of a loop took, and the one line that bench/run reads.
#ifndef HOLDFAST_BENCH_PROGRAMS_SAMPLES_H
#define HOLDFAST_BENCH_PROGRAMS_SAMPLES_H

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <vector>

namespace holdfast::bench {

class Samples {
  public:
    using Clock = std::chrono::steady_clock;

    // Calls `turn` until the time is over and at least `least` turns were made. False when one
    // failed: then nothing was measured.
    template <class Turn>
    bool repeat(std::chrono::milliseconds time, std::size_t least, Turn&& turn) {
        begun_ = Clock::now();
        for (auto last = begun_; last - begun_ < time || micros_.size() < least;) {
            if (!turn()) return false;
            const auto now = Clock::now();
            add(now - last);
            last = now;
        }
        ended_ = Clock::now();
        return true;
    }

    void add(Clock::duration took) {
        micros_.push_back(std::chrono::duration<double, std::micro>(took).count());
    }
    void add(const Samples& others) {
        micros_.insert(micros_.end(), others.micros_.begin(), others.micros_.end());
    }
    void lasted(Clock::time_point begun, Clock::time_point ended) {
        begun_ = begun;
        ended_ = ended;
    }

    // "COUNT P50 P99 RATE": microseconds, and turns a second.
    void print() {
        std::sort(micros_.begin(), micros_.end());
        const double seconds = std::chrono::duration<double>(ended_ - begun_).count();
        std::printf("%zu %.1f %.1f %.1f\n", micros_.size(), at(0.50), at(0.99),
                    static_cast<double>(micros_.size()) / seconds);
    }

  private:
    double at(double share) const {
        if (micros_.empty()) return 0;
        const auto last = static_cast<double>(micros_.size() - 1);
        return micros_[static_cast<std::size_t>(share * last + 0.5)];
    }

    std::vector<double> micros_;
    Clock::time_point begun_, ended_;
};

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_PROGRAMS_SAMPLES_H
