// Launched agents as callers, for tests: a child that waits, and an instance whose leader it is.
#ifndef HOLDFAST_TESTS_SUPPORT_LAUNCHED_CALLERS_H
#define HOLDFAST_TESTS_SUPPORT_LAUNCHED_CALLERS_H

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "daemon/callers/launched.h"
#include "daemon/sealed.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"

namespace holdfast::test {

constexpr uid_t launched_uid = 70000;  // of nobody else

template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason();
}

inline Descriptor copy_of(int descriptor) {
    return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

inline daemon::Peer peer_for(const Child& child, uid_t uid = ::getuid()) {
    return {child.pid(), uid, ::getgid(), copy_of(child.pidfd()), true};
}

inline Child waiting(uid_t uid = ::getuid(), const std::function<void()>& before = [] {}) {
    auto child = Child::forked(
        [&] {
            before();
            child_tells();
            child_awaits();
        },
        uid);
    child.await();
    return child;
}

inline Bytes list_of(std::vector<Sha256> digests) {
    std::sort(digests.begin(), digests.end());
    Bytes list;
    for (const auto& digest : digests)
        list.insert(list.end(), digest.begin(), digest.end());
    return list;
}

inline Descriptor sealed(const Bytes& content) {
    auto memory = daemon::seal(content, "code");
    REQUIRE(memory);
    return *std::move(memory);
}

// An instance whose leader is that child.
inline daemon::LaunchedInstance instance_of(const Child& child, const std::string& view = "/",
                                            uid_t uid = ::getuid()) {
    daemon::LaunchedInstance facts;
    facts.agent = "bot";
    facts.instance = "ab";
    facts.pid = child.pid();
    facts.uid = uid;
    facts.manifest.fill(0x4d);
    facts.entrypoint.fill(7);
    facts.pidfd = copy_of(child.pidfd());
    facts.view = Descriptor(::open(view.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    facts.code = sealed(list_of({facts.entrypoint}));
    facts.running = true;
    return facts;
}

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_LAUNCHED_CALLERS_H
