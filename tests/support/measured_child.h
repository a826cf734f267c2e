// What tests of the measurer share: whose processes they measure, and under which rules.
#ifndef HOLDFAST_TESTS_SUPPORT_MEASURED_CHILD_H
#define HOLDFAST_TESTS_SUPPORT_MEASURED_CHILD_H

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <string>

#include "attest/measure/process.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"

// The agent must be another user than the one who owns the code.
#define NEEDS_ROOT() \
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to start processes of another user")

namespace holdfast::test {

constexpr uid_t agent_uid = 20001;  // of nobody else
constexpr attest::MeasureRules strict{.uid = agent_uid, .allow_writable_executables = false};
constexpr attest::MeasureRules lenient{.uid = agent_uid, .allow_writable_executables = true};

inline Result<attest::ProcessView> measure(const Child& child, const attest::MeasureRules& rules) {
    return attest::measure_process(child.pid(), child.pidfd(), rules);
}

inline void* map_executable(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return ::mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
}

template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason();
}

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_MEASURED_CHILD_H
