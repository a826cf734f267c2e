// ask-clients: processes that ask the daemon the same thing, each on one connection that it keeps.
//   ask-clients SOCKET CLIENTS MS LEAST TARGET BODY
// Each makes its first request (it is measured then, and gets its credential) before the time
// starts, all begin together, and one line sums up all of them: see samples.h. Any answer but 200
// ends it.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <charconv>
#include <chrono>
#include <csignal>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bench/programs/keep_alive.h"
#include "bench/programs/samples.h"
#include "bench/programs/shared_memory.h"
#include "holdfast/descriptor.h"

namespace {

using holdfast::Descriptor;
using holdfast::bench::connect_to;
using holdfast::bench::exchange;
using holdfast::bench::request_text;
using holdfast::bench::Samples;
using holdfast::bench::shared_with_children;
using Clock = Samples::Clock;

constexpr std::size_t max_clients = 64;
constexpr std::size_t max_samples = 1UL << 16U;  // for each client

struct Job {
    std::string socket;
    std::size_t clients = 0;
    std::chrono::milliseconds time{0};
    std::size_t least = 0;
    std::string request;
};

// What the processes share. Each writes its own part only.
struct Shared {
    std::atomic<std::size_t> ready;
    struct Part {
        std::size_t count;
        std::int64_t begun, ended;
        std::array<std::int64_t, max_samples> nanos;
    };
    std::array<Part, max_clients> parts;
};

bool ask(const Descriptor& socket, const Job& job, std::string& reply) {
    if (exchange(socket, job.request, reply) && reply.starts_with("HTTP/1.1 200")) return true;
    std::cerr << "ask-clients: refused: " << reply << "\n";
    return false;
}

// `start` is a pipe whose other end is closed when all may begin.
int be_client(const Job& job, Shared& shared, Shared::Part& part, const Descriptor& start) {
    const Descriptor socket = connect_to(job.socket);
    std::string reply;
    if (!socket || !ask(socket, job, reply)) return 1;
    ++shared.ready;
    char nothing = 0;
    (void)!::read(start.get(), &nothing, 1);
    const auto begun = Clock::now();
    part.begun = begun.time_since_epoch().count();
    for (auto last = begun; last - begun < job.time || part.count < job.least;) {
        if (part.count == max_samples || !ask(socket, job, reply)) return 1;
        const auto now = Clock::now();
        part.nanos[part.count++] = (now - last).count();
        last = now;
    }
    part.ended = Clock::now().time_since_epoch().count();
    return 0;
}

bool all_ended_well() {
    bool well = true;
    for (int status = 0; ::wait(&status) > 0;)
        well = well && status == 0;
    return well;
}

void sum_up(std::span<const Shared::Part> parts) {
    Samples samples;
    auto begun = Clock::time_point::max();
    auto ended = Clock::time_point::min();
    for (const Shared::Part& part : parts) {
        for (std::size_t i = 0; i < part.count; ++i)
            samples.add(Clock::duration(part.nanos[i]));
        begun = std::min(begun, Clock::time_point(Clock::duration(part.begun)));
        ended = std::max(ended, Clock::time_point(Clock::duration(part.ended)));
    }
    samples.lasted(begun, ended);
    samples.print();
}

// A client that fails before it is ready would leave us waiting: its end is noticed as well.
bool all_are_ready(const Job& job, const Shared& shared) {
    while (shared.ready < job.clients) {
        ::siginfo_t ended = {};
        (void)::waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT);
        if (ended.si_pid != 0) return false;
        ::usleep(1000);
    }
    return true;
}

// Processes, not threads: the daemon tells callers apart by process.
int run(const Job& job, Shared& shared) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return 1;
    const Descriptor start(ends[0]);
    Descriptor hold(ends[1]);
    for (std::size_t number = 0; number < job.clients; ++number) {
        const ::pid_t child = ::fork();
        if (child < 0) return 1;
        if (child > 0) continue;
        hold = Descriptor();
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        ::_exit(be_client(job, shared, shared.parts[number], start));
    }
    if (!all_are_ready(job, shared)) return 1;
    hold = Descriptor();
    if (!all_ended_well()) return 1;
    sum_up(std::span(shared.parts).first(job.clients));
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Job job;
    if (argc == 7) {
        job.socket = argv[1];
        job.clients = std::strtoul(argv[2], nullptr, 10);
        job.time = std::chrono::milliseconds(std::strtol(argv[3], nullptr, 10));
        job.least = std::strtoul(argv[4], nullptr, 10);
        job.request = request_text(argv[5], argv[6]);
    }
    if (job.clients < 1 || job.clients > max_clients || job.least > max_samples) {
        std::cerr << "usage: ask-clients SOCKET CLIENTS MS LEAST TARGET BODY\n";
        return 2;
    }
    Shared* shared = shared_with_children<Shared>();
    return shared == nullptr ? 1 : run(job, *shared);
}
