// Pace: how long the imitated chip takes for each command. Deterministic: no clock, no dice.
#ifndef HOLDFAST_BENCH_SLOW_TPM_PACE_H
#define HOLDFAST_BENCH_SLOW_TPM_PACE_H

#include <chrono>
#include <cstdint>
#include <set>
#include <span>
#include <string_view>
#include <utility>

namespace holdfast::bench {

struct Profile {
    std::string_view name;
    std::chrono::milliseconds light;
    std::chrono::milliseconds heavy;
    std::chrono::milliseconds making;
    std::chrono::milliseconds tail;  // in place of `heavy`, for every tail_every-th heavy command
    unsigned tail_every;             // 0: never
};

std::span<const Profile> profiles() noexcept;
const Profile* profile_named(std::string_view name) noexcept;

class Pace {
  public:
    // `only`: command codes that are delayed; all others then pass at once. Empty: all.
    Pace(const Profile& profile, std::set<std::uint32_t> only)
        : profile_(profile), only_(std::move(only)) {}

    std::chrono::milliseconds next(std::uint32_t code);

  private:
    std::chrono::milliseconds next_heavy();

    Profile profile_;
    std::set<std::uint32_t> only_;
    unsigned heavy_so_far_ = 0;
};

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_PACE_H
