// Launched instances for tests of what carries them: one of everything, to bend.
#ifndef HOLDFAST_TESTS_SUPPORT_LAUNCH_SAMPLES_H
#define HOLDFAST_TESTS_SUPPORT_LAUNCH_SAMPLES_H

#include <sys/mman.h>
#include <sys/stat.h>

#include <string>

#include "daemon/link/kept.h"
#include "tests/support/catch.h"
#include "tests/support/link_samples.h"

namespace holdfast::test {

// A file that can be told from every other one.
inline Descriptor a_memory() {
    return Descriptor(::memfd_create("a sample", MFD_CLOEXEC));
}

inline ino_t inode_of(const Descriptor& descriptor) {
    struct stat facts{};
    REQUIRE(::fstat(descriptor.get(), &facts) == 0);
    return facts.st_ino;
}

inline daemon::LaunchedInstance an_instance(const std::string& instance = "0123456789abcdef") {
    daemon::LaunchedInstance launched;
    launched.agent = "bot";
    launched.instance = instance;
    launched.version = 7;
    launched.manifest.fill(1);
    launched.tree.fill(2);
    launched.arguments_environment.fill(3);
    launched.sandbox.fill(4);
    launched.signers = attest::Signers::tree;
    launched.kill_on_change = false;
    launched.pid = 4711;
    launched.uid = 70000;
    launched.cgroup = 99;
    launched.cgroup_path = "/holdfast/0123456789abcdef";
    launched.log = "/var/log/holdfast/bot.log";
    launched.missing = {"no Landlock"};
    launched.entrypoint.fill(5);
    launched.running = true;
    launched.pidfd = a_memory();
    launched.view = a_memory();
    launched.code = a_memory();
    return launched;
}

inline daemon::KeptInstance a_kept(const std::string& instance = "0123456789abcdef") {
    daemon::KeptInstance kept;
    kept.facts = an_instance(instance);
    kept.listener = a_memory();
    kept.output = a_memory();
    kept.cgroup = a_memory();
    return kept;
}

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_LAUNCH_SAMPLES_H
