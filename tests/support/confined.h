// Confined: a child of the test's inside a Sandbox, with the listener of its exec gate outside.
#ifndef HOLDFAST_TESTS_SUPPORT_CONFINED_H
#define HOLDFAST_TESTS_SUPPORT_CONFINED_H

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>
#include <utility>
#include <vector>

#include "daemon/launcher/gate.h"
#include "daemon/launcher/sandbox.h"
#include "daemon/link/messages.h"
#include "daemon/pidfd.h"
#include "tests/support/catch.h"

namespace holdfast::test {

constexpr int not_confined = 99;

class Confined {
  public:
    // `body` runs inside, once the listener is outside; what it returns is the exit status.
    Confined(const daemon::Sandbox& sandbox, const std::function<int()>& body) {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        const Descriptor ours(ends[0]);
        Descriptor theirs(ends[1]);
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) ::_exit(inside(sandbox, theirs, body));
        theirs = Descriptor();
        pidfd_ = Descriptor(daemon::pidfd_open(pid_));
        auto message = daemon::receive_message(ours.get());
        REQUIRE(message);
        REQUIRE(message->descriptors.size() == 1);
        listener_ = std::move(message->descriptors.front());
    }
    Confined(const Confined&) = delete;
    Confined& operator=(const Confined&) = delete;
    ~Confined() {
        if (pid_ <= 0) return;
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }

    pid_t pid() const { return pid_; }
    daemon::Gate gate(bool has_executed = false) {
        return {std::move(listener_), pid_, has_executed};
    }
    // Serves its gate until it has ended: its exit status, or -1 for a signal.
    int finish(daemon::Gate& gate, std::vector<daemon::Gate::Passed>* passed = nullptr) {
        for (;;) {
            std::array<pollfd, 2> both = {
                {{gate.listener(), POLLIN, 0}, {pidfd_.get(), POLLIN, 0}}};
            REQUIRE(::poll(both.data(), both.size(), 30'000) > 0);
            if ((both[0].revents & POLLIN) != 0) {
                const auto served = gate.serve();
                REQUIRE(served);
                if (passed != nullptr) passed->push_back(*served);
            }
            if (both[1].revents != 0) break;
        }
        int status = 0;
        REQUIRE(::waitpid(std::exchange(pid_, -1), &status, 0) > 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }
    int finish() {
        auto own = gate();
        return finish(own);
    }

  private:
    static int inside(const daemon::Sandbox& sandbox, Descriptor& control,
                      const std::function<int()>& body) {
        if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return not_confined;
        auto listener = sandbox.enter();
        if (!listener) return not_confined;
        daemon::Message ready;
        ready.descriptors.push_back(*std::move(listener));
        if (!daemon::send_message(control.get(), ready)) return not_confined;
        ready.descriptors.clear();
        control = Descriptor();
        return body();
    }

    pid_t pid_ = -1;
    Descriptor pidfd_, listener_;
};

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_CONFINED_H
