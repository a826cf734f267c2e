// Cgroups: a fresh control group per launch (cgroups(7), version 2), so that all of it can be
// ended.
#ifndef HOLDFAST_DAEMON_CGROUPS_H
#define HOLDFAST_DAEMON_CGROUPS_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Never reused: on some kernels a group that was killed once kills whoever joins it later.
struct Cgroup {
    Descriptor directory;
    std::uint64_t id = 0;
    std::string path;  // as /proc/PID/cgroup shows it after "0::"
};

class Cgroups {
  public:
    // A group for all agents below the one this process is in, through the mount that
    // /proc/self/mountinfo names; `state_dir` keeps two daemons apart. make_home needs a root that
    // may write everywhere: where the daemon is in the root group, others cannot. unavailable says
    // which guarantee is missing, and why.
    static Done make_home(const std::string& state_dir);
    static Result<Cgroups> open(const std::string& state_dir);
    // With the groups in it that are empty; what still lives keeps it.
    static void remove_home(const std::string& state_dir);

    Result<Cgroup> make(const std::string& instance) const;
    // False while something in it still lives.
    bool remove(const std::string& instance) const;
    // The groups there are, by instance.
    std::vector<std::string> instances() const;
    // Kills all in a group that somebody else made.
    void kill(const std::string& instance) const;

  private:
    Cgroups(Descriptor directory, std::string path)
        : directory_(std::move(directory)), path_(std::move(path)) {}

    Descriptor directory_;
    std::string path_;
};

// Every process of a group, at once. unavailable: the group is gone, or the kernel is older than
// 5.14.
Done kill_cgroup(int directory);
Done freeze_cgroup(int directory, bool frozen);

// Where the text of /proc/self/mountinfo has the cgroup2 file system, and `own_path` ("/a/b") in
// it. unavailable when there is none. Pure, for tests.
Result<std::string> cgroup_directory(std::string_view mountinfo, std::string_view own_path);
// The path after "0::" in the text of /proc/PID/cgroup.
Result<std::string> unified_path(std::string_view cgroup_text);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_CGROUPS_H
