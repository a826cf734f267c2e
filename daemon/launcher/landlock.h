// Landlock's numbers beyond those of Debian 12's headers; landlock(7), uapi linux/landlock.h.
#ifndef HOLDFAST_DAEMON_LAUNCHER_LANDLOCK_H
#define HOLDFAST_DAEMON_LAUNCHER_LANDLOCK_H

#include <cstdint>

namespace holdfast::daemon::landlock {

inline constexpr std::uint64_t execute = 1U << 0U;
inline constexpr std::uint64_t write_file = 1U << 1U;
inline constexpr std::uint64_t read_file = 1U << 2U;
inline constexpr std::uint64_t read_dir = 1U << 3U;
inline constexpr std::uint64_t first_version = (1U << 13U) - 1;  // all file rights of version 1
inline constexpr std::uint64_t refer = 1U << 13U;                // 2
inline constexpr std::uint64_t truncate = 1U << 14U;             // 3
inline constexpr std::uint64_t ioctl_dev = 1U << 15U;            // 5
inline constexpr std::uint64_t scope_signal = 1U << 1U;          // 6

inline constexpr int refer_version = 2;
inline constexpr int truncate_version = 3;
inline constexpr int ioctl_dev_version = 5;
inline constexpr int scope_version = 6;

// The kernel takes any size whose unknown tail is zero; older ones know only the first member.
struct RulesetAttributes {
    std::uint64_t handled_access_fs;
    std::uint64_t handled_access_net;
    std::uint64_t scoped;
};

}  // namespace holdfast::daemon::landlock

#endif  // HOLDFAST_DAEMON_LAUNCHER_LANDLOCK_H
