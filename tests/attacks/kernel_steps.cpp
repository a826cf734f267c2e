// Steps of a launched agent: what the kernel and the sandbox say.
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iostream>

#include "holdfast/descriptor.h"
#include "tests/attacks/steps.h"

namespace holdfast::attacks {
namespace {

std::string outcome_of(bool succeeded, const char* done) {
    return succeeded ? done : ::strerrorname_np(errno);
}

std::string trace(pid_t pid) {
    const bool attached = ::ptrace(PTRACE_SEIZE, pid, nullptr, nullptr) == 0;
    const std::string outcome = outcome_of(attached, "attached");
    if (attached) (void)::ptrace(PTRACE_DETACH, pid, nullptr, nullptr);
    return outcome;
}

// Nothing is there to be written at: EFAULT where the kernel would let it.
std::string write_memory(pid_t pid) {
    char byte = 0;
    const iovec ours{&byte, 1};
    const iovec theirs{nullptr, 1};
    return outcome_of(::process_vm_writev(pid, &ours, 1, &theirs, 1, 0) == 1, "written");
}

std::string open_memory(pid_t pid, int flags) {
    const std::string name = "/proc/" + std::to_string(pid) + "/mem";
    const Descriptor file(::open(name.c_str(), flags | O_CLOEXEC));
    return outcome_of(static_cast<bool>(file), "opened");
}

std::string take_descriptor(pid_t pid) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0U)));
    if (!process) return "pidfd_open " + outcome_of(false, "");
    const Descriptor taken(static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), 0, 0U)));
    return outcome_of(static_cast<bool>(taken), "taken");
}

}  // namespace

void print_outcome(bool succeeded, const char* done) {
    std::cout << outcome_of(succeeded, done) << '\n' << std::flush;
}

void map_file(const Words& path) {
    const Descriptor file(::open(path.at(0).c_str(), O_RDONLY | O_CLOEXEC));
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0) return print_outcome(false, "");
    void* const mapped = ::mmap(nullptr, static_cast<std::size_t>(facts.st_size),
                                PROT_READ | PROT_EXEC, MAP_PRIVATE, file.get(), 0);
    print_outcome(mapped != MAP_FAILED, "mapped");
}

void map_anonymous(const Words& /*none*/) {
    void* const mapped = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    print_outcome(mapped != MAP_FAILED, "mapped");
}

void open_file(const Words& path) {
    const Descriptor file(::open(path.at(0).c_str(), O_RDONLY | O_CLOEXEC));
    print_outcome(static_cast<bool>(file), "opened");
}

// A child is told who its parent is by "parent".
void look_into(const Words& pid) {
    const pid_t target = pid.at(0) == "parent" ? ::getppid() : std::stoi(pid.at(0));
    std::cout << "ptrace " << trace(target) << ", process_vm_writev " << write_memory(target)
              << ", mem " << open_memory(target, O_RDONLY) << ' ' << open_memory(target, O_RDWR)
              << ", pidfd_getfd " << take_descriptor(target) << '\n'
              << std::flush;
}

void forge_link(const Words& /*none*/) {
    const Descriptor file(::open("bin/tool", O_RDONLY | O_CLOEXEC));
    prctl_mm_map map{};
    const std::string by_map =
        outcome_of(::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0, "forged");
    const std::string by_file =
        outcome_of(::prctl(PR_SET_MM, PR_SET_MM_EXE_FILE, file.get(), 0, 0) == 0, "forged");
    std::cout << by_map << ' ' << by_file << '\n' << std::flush;
}

// clone3 hides its flags from a filter, so it is not there at all.
void user_namespace(const Words& /*none*/) {
    const std::string left = outcome_of(::unshare(CLONE_NEWUSER) == 0, "made");
    const long flags = CLONE_NEWUSER | SIGCHLD;
    const long made = ::syscall(SYS_clone, flags, nullptr, nullptr, nullptr, nullptr);
    if (made == 0) ::_exit(0);
    const std::string cloned = outcome_of(made > 0, "made");
    const std::string newer = outcome_of(::syscall(SYS_clone3, nullptr, 0) == 0, "made");
    std::cout << "unshare " << left << ", clone " << cloned << ", clone3 " << newer << '\n'
              << std::flush;
}

void variables(const Words& /*none*/) {
    Words names;
    for (char** each = environ; *each != nullptr; ++each)
        names.emplace_back(*each, std::strcspn(*each, "="));
    std::sort(names.begin(), names.end());
    for (std::size_t i = 0; i < names.size(); ++i)
        std::cout << (i == 0 ? "" : " ") << names[i];
    std::cout << '\n' << std::flush;
}

}  // namespace holdfast::attacks
