// Reasons of errors that callers of every key store tell apart.
#ifndef HOLDFAST_HSM_REASONS_H
#define HOLDFAST_HSM_REASONS_H

#include <string_view>

#include "holdfast/result.h"

namespace holdfast::hsm {

inline constexpr std::string_view fuse_blown = "fuse_blown";
inline constexpr std::string_view algorithm_unavailable = "algorithm_unavailable";

inline bool is(const Error& error, std::string_view reason) noexcept {
    return error.reason() == reason;
}

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_REASONS_H
