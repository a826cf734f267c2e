#include "bench/slow-tpm/pace.h"

#include <algorithm>
#include <array>

#include "bench/slow-tpm/commands.h"

namespace holdfast::bench {
namespace {

using namespace std::chrono_literals;

// `heavy` is a P-256 signature as published for discrete chips: 23, 42, 56, 69 and 190 ms, and in a
// browser vendor's field study a median of 200 ms with 600 ms for the slowest twentieth. `light`
// and `making` are estimates: a few ms for the bus and firmware, three signatures for a new key.
constexpr std::array known_profiles = {
    Profile{"25", 2ms, 25ms, 75ms, 0ms, 0},
    Profile{"70", 4ms, 70ms, 210ms, 0ms, 0},
    Profile{"200", 8ms, 200ms, 600ms, 600ms, 20},
};

}  // namespace

std::span<const Profile> profiles() noexcept {
    return known_profiles;
}

const Profile* profile_named(std::string_view name) noexcept {
    const auto* found = std::find_if(known_profiles.begin(), known_profiles.end(),
                                     [&](const Profile& profile) { return profile.name == name; });
    return found == known_profiles.end() ? nullptr : found;
}

std::chrono::milliseconds Pace::next(std::uint32_t code) {
    if (!only_.empty() && !only_.contains(code)) return 0ms;
    switch (weight_of(code)) {
        case Weight::light: return profile_.light;
        case Weight::heavy: return next_heavy();
        case Weight::making: return profile_.making;
    }
    return profile_.light;
}

std::chrono::milliseconds Pace::next_heavy() {
    ++heavy_so_far_;
    const bool in_tail = profile_.tail_every != 0 && heavy_so_far_ % profile_.tail_every == 0;
    return in_tail ? profile_.tail : profile_.heavy;
}

}  // namespace holdfast::bench
