#include "attest/measure/process_directory.h"

#include <fcntl.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace holdfast::attest {
namespace {

constexpr TextBound fdinfo_bound{4096, "caller_gone"};

Error caller_gone(std::string text) {
    return Error(Code::denied, std::move(text)).because("caller_gone");
}

// "Pid:\t1234" in /proc/self/fdinfo of a pidfd; -1 once the process was reaped
// (proc_pid_fdinfo(5)).
Done check_is_of(int pidfd, pid_t pid) {
    const std::string name = "/proc/self/fdinfo/" + std::to_string(pidfd);
    const Descriptor info(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!info) return system_error("measure: open " + name);
    HOLDFAST_TRY(text, read_text(info.get(), fdinfo_bound));
    if (text.find("\nPid:\t" + std::to_string(pid) + "\n") == std::string::npos)
        return caller_gone("measure: the pidfd is not of process " + std::to_string(pid));
    return done();
}

}  // namespace

Error system_error(std::string_view step) {
    const int cause = errno;
    const auto text = std::string(step) + ": " + std::generic_category().message(cause);
    if (cause == ESRCH) return caller_gone(text);
    if (cause == ENOENT) return {Code::not_found, text};
    if (cause == EACCES || cause == EPERM) return {Code::denied, text};
    return {Code::unavailable, text, Retry::later};
}

Done check_alive(int pidfd) {
    pollfd watched{.fd = pidfd, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&watched, 1, 0);
    if (ready < 0) return system_error("poll pidfd");
    // A pidfd becomes readable when its process ends (pidfd_open(2)).
    if (ready > 0) return caller_gone("the calling process has ended");
    return done();
}

Result<std::string> read_text(int descriptor, const TextBound& bound) {
    std::string text;
    std::array<char, 16UL * 1024> chunk{};
    while (true) {
        const auto got =
            ::pread(descriptor, chunk.data(), chunk.size(), static_cast<off_t>(text.size()));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("read of /proc");
        if (got == 0) return text;
        text.append(chunk.data(), static_cast<std::size_t>(got));
        if (text.size() > bound.bytes)
            return Error(Code::denied, "measure: a text of the process in /proc exceeds " +
                                           std::to_string(bound.bytes) + " bytes")
                .because(bound.reason);
    }
}

Result<ProcessDirectory> ProcessDirectory::open(pid_t pid, int pidfd) {
    HOLDFAST_CHECK(check_is_of(pidfd, pid));
    const std::string name = "/proc/" + std::to_string(pid);
    Descriptor directory(::open(name.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!directory) return caller_gone("measure: no " + name);
    HOLDFAST_CHECK(check_alive(pidfd));
    return ProcessDirectory(std::move(directory));
}

Result<Descriptor> ProcessDirectory::open_as(const std::string& name, int flags) const {
    // O_NONBLOCK: a FIFO under a name the process chose must not stop the measurer.
    Descriptor opened(::openat(directory_.get(), name.c_str(),
                               flags | O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!opened) return system_error("measure: open /proc/PID/" + name);
    return opened;
}

Result<Descriptor> ProcessDirectory::open_file(const std::string& name) const {
    return open_as(name, 0);
}

Result<Descriptor> ProcessDirectory::open_directory(const std::string& name) const {
    return open_as(name, O_DIRECTORY | O_PATH);
}

Result<std::string> ProcessDirectory::read(const std::string& name, const TextBound& bound) const {
    HOLDFAST_TRY(opened, open_file(name));
    return read_text(opened.get(), bound);
}

Result<std::string> ProcessDirectory::read_link(const std::string& name) const {
    std::array<char, 4096> target{};
    const auto size = ::readlinkat(directory_.get(), name.c_str(), target.data(), target.size());
    if (size < 0) return system_error("measure: read link /proc/PID/" + name);
    return std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace holdfast::attest
