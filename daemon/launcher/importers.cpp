#include "daemon/launcher/importers.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>
#include <utility>

#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

constexpr int exit_not_started = 127;  // as shells say it

Error failed(const char* step) {
    return Error(Code::unavailable,
                 std::string("importer: ") + step + ": " + std::generic_category().message(errno));
}

// Descriptor 3 is the link to us, as for every child of the daemon.
[[noreturn]] void run_importer(const std::string& program, int link) {
    if (link != supervisor_link && ::dup2(link, supervisor_link) < 0) ::_exit(exit_not_started);
    if (::fcntl(supervisor_link, F_SETFD, 0) != 0 ||
        ::close_range(supervisor_link + 1, ~0U, 0) != 0)
        ::_exit(exit_not_started);
    std::string name = program;
    std::string path = "PATH=/usr/bin:/bin";
    std::array<char*, 2> arguments{name.data(), nullptr};
    std::array<char*, 2> environment{path.data(), nullptr};
    (void)::execve(program.c_str(), arguments.data(), environment.data());
    ::_exit(exit_not_started);
}

}  // namespace

Result<std::uint64_t> Importers::start(const Message& request) {
    if (jobs_.size() >= max_importers)
        return Error(Code::busy, "the store is busy", Retry::later).because("store_busy");
    std::array<int, 2> ends{-1, -1};
    if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0)
        return failed("socketpair");
    Job job{request.operation, 0, Descriptor(ends[0])};
    const Descriptor theirs(ends[1]);
    // Before it begins: what fits a message fits the socket.
    HOLDFAST_CHECK(send_message(job.link.get(), request));
    job.pid = ::fork();
    if (job.pid < 0) return failed("fork");
    if (job.pid == 0) run_importer(program_, theirs.get());
    jobs_.emplace(++last_, std::move(job));
    return last_;
}

bool Importers::is_at_work(Operation operation) const {
    return std::any_of(jobs_.begin(), jobs_.end(),
                       [&](const auto& job) { return job.second.operation == operation; });
}

void Importers::watch(std::vector<pollfd>& watched) const {
    for (const auto& [number, job] : jobs_)
        watched.push_back({job.link.get(), POLLIN, 0});
}

void Importers::serve(const std::vector<pollfd>& watched) {
    for (auto each = jobs_.begin(); each != jobs_.end();) {
        const Job& job = each->second;
        const bool is_ready = std::any_of(watched.begin(), watched.end(), [&](const pollfd& one) {
            return one.fd == job.link.get() && one.revents != 0;
        });
        if (!is_ready) {
            ++each;
            continue;
        }
        auto answer = receive_message(job.link.get());
        if (!answer) answer = Error(Code::unavailable, "the importer ended without an answer");
        // It ends after its answer; one that does not must not hold us up.
        (void)::kill(job.pid, SIGKILL);
        (void)::waitpid(job.pid, nullptr, 0);
        on_answer_(each->first, std::move(answer));
        each = jobs_.erase(each);
    }
}

}  // namespace holdfast::daemon
