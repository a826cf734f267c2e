// ImporterProcess: holdfast-importer as its starter sees it: one request, one reply, then its end.
#ifndef HOLDFAST_TESTS_SUPPORT_IMPORTER_PROCESS_H
#define HOLDFAST_TESTS_SUPPORT_IMPORTER_PROCESS_H

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <utility>

#include "daemon/link/codec_store.h"

namespace holdfast::test {

class ImporterProcess {
  public:
    explicit ImporterProcess(const char* program) {
        std::array<int, 2> ends{};
        if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
            throw std::runtime_error("socketpair");
        link_ = Descriptor(ends[0]);
        const Descriptor far(ends[1]);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ > 0) return;
        // Away from 3 first: dup2 of a number to itself would leave close-on-exec on.
        const int parked = ::dup(far.get());
        (void)::dup2(parked, 3);
        (void)::close(parked);
        // It shuts itself out of /proc, where LeakSanitizer would look at its end; the store's own
        // tests look for leaks.
        // NOLINTNEXTLINE(concurrency-mt-unsafe): a child just forked
        (void)::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
        (void)::execl(program, program, nullptr);
        ::_exit(127);
    }
    ImporterProcess(const ImporterProcess&) = delete;
    ImporterProcess& operator=(const ImporterProcess&) = delete;
    ~ImporterProcess() { (void)end(); }

    pid_t pid() const { return pid_; }
    void ask(daemon::Operation operation, Bytes payload) const {
        daemon::Message request;
        request.id = 1;
        request.operation = operation;
        request.payload = std::move(payload);
        if (!daemon::send_message(link_.get(), request)) throw std::runtime_error("send");
    }
    Result<daemon::Reply> answer() const {
        HOLDFAST_TRY(message, daemon::receive_message(link_.get()));
        HOLDFAST_TRY(reply, daemon::decode_reply(std::move(message)));
        return reply;
    }
    // Kills and reaps; -1 when it was over already, else its status as waitpid(2) gives it.
    int end() {
        if (pid_ <= 0) return -1;
        (void)::kill(pid_, SIGKILL);
        return ended();
    }
    int ended() {
        int status = 0;
        (void)::waitpid(std::exchange(pid_, -1), &status, 0);
        return status;
    }

  private:
    Descriptor link_;
    pid_t pid_ = -1;
};

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_IMPORTER_PROCESS_H
