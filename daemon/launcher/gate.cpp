#include "daemon/launcher/gate.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <seccomp.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string>
#include <string_view>

namespace holdfast::daemon {
namespace {

constexpr std::string_view process_line = "\nTgid:\t";

// Both structures have the size the running kernel gives them.
struct Notification {
    Notification() {
        if (::seccomp_notify_alloc(&request, &response) != 0) request = nullptr, response = nullptr;
    }
    Notification(const Notification&) = delete;
    Notification& operator=(const Notification&) = delete;
    ~Notification() { ::seccomp_notify_free(request, response); }

    seccomp_notif* request = nullptr;
    seccomp_notif_resp* response = nullptr;
};

bool is_gone(int error) {
    return error == -ENOENT || error == -ECANCELED || error == -EINTR;
}

}  // namespace

Result<pid_t> process_of_thread(pid_t thread) {
    const std::string name = "/proc/" + std::to_string(thread) + "/status";
    const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 4096> buffer{};
    const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    if (size <= 0) return Error(Code::not_found, "the thread is gone");
    const std::string_view text(buffer.data(), static_cast<std::size_t>(size));
    const auto at = text.find(process_line);
    if (at == std::string_view::npos) return Error(Code::internal, name + ": no Tgid");
    const char* begin = text.data() + at + process_line.size();
    pid_t process = 0;
    const auto [end, error] = std::from_chars(begin, text.data() + text.size(), process);
    if (error != std::errc() || end == begin) return Error(Code::internal, name + ": no Tgid");
    return process;
}

Gate::Passed Gate::decide(pid_t thread) const {
    const auto process = process_of_thread(thread);
    if (!process) return Passed::nothing;
    if (*process != leader_) return Passed::child;
    return has_executed_ ? Passed::leader_refused : Passed::leader_started;
}

Result<Gate::Passed> Gate::serve() {
    // Receiving waits where nobody asks.
    pollfd asked{listener_.get(), POLLIN, 0};
    if (::poll(&asked, 1, 0) != 1 || (asked.revents & POLLIN) == 0) return Passed::nothing;
    const Notification notification;
    if (notification.request == nullptr) return Error(Code::internal, "gate: no memory");
    const int received = ::seccomp_notify_receive(listener_.get(), notification.request);
    if (is_gone(received)) return Passed::nothing;
    if (received != 0)
        return Error(Code::unavailable, "gate: receive: " + std::to_string(received));
    // pid 0: of a pid namespace that is not below ours, so nobody can say who it is.
    const auto thread = static_cast<pid_t>(notification.request->pid);
    const Passed passed = thread > 0 ? decide(thread) : Passed::nothing;
    // Still waiting for us? Then the number above was its own when we looked.
    if (::seccomp_notify_id_valid(listener_.get(), notification.request->id) != 0)
        return Passed::nothing;

    notification.response->id = notification.request->id;
    const bool allowed = passed == Passed::leader_started || passed == Passed::child;
    notification.response->error = allowed ? 0 : -EPERM;
    notification.response->flags = allowed ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
    const int answered = ::seccomp_notify_respond(listener_.get(), notification.response);
    if (answered != 0) return Passed::nothing;
    if (passed == Passed::leader_started) has_executed_ = true;
    return passed;
}

}  // namespace holdfast::daemon
