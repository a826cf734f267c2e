// allow-calls FILE PROGRAM ARG…: executes PROGRAM under a list of allowed system calls, one a line;
// all others fail with EPERM. What SystemCallFilter= and SystemCallErrorNumber=EPERM of a unit come
// to.
#include <seccomp.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <memory>
#include <string>

namespace {

constexpr int usage = 2;

struct ReleaseFilter {
    void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};

bool allow_calls(const char* list) {
    const std::unique_ptr<void, ReleaseFilter> filter(::seccomp_init(SCMP_ACT_ERRNO(EPERM)));
    std::ifstream names(list);
    if (!filter || !names) return false;
    for (std::string name; std::getline(names, name);) {
        // systemd knows names of other architectures too.
        const int number = ::seccomp_syscall_resolve_name(name.c_str());
        if (number < 0) continue;
        if (::seccomp_rule_add(filter.get(), SCMP_ACT_ALLOW, number, 0) != 0) return false;
    }
    return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && ::seccomp_load(filter.get()) == 0;
}

}  // namespace

int main(int count, char** arguments) {
    if (count < 3) return usage;
    if (!allow_calls(arguments[1])) {
        std::cerr << "allow-calls: no filter of " << arguments[1] << "\n";
        return 1;
    }
    (void)::execv(arguments[2], arguments + 2);
    std::cerr << "allow-calls: " << arguments[2] << " cannot be executed\n";
    return 1;
}
