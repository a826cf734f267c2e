// kill-clients: one agent's processes that sign without pause, while somebody else stops the agent.
//   kill-clients SOCKET CLIENTS TARGET BODY
// On standard input, a line each: "count" answers how many signatures there were. "mark" waits
// until every client has begun and ended a request after the mark, and answers how many of the
// clients got a signature for a request begun after it. Ends with standard input.
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <span>
#include <string>

#include "bench/programs/keep_alive.h"
#include "holdfast/descriptor.h"

namespace {

using holdfast::Descriptor;
using holdfast::bench::connect_to;
using holdfast::bench::exchange;

constexpr std::size_t max_clients = 64;
constexpr ::useconds_t pause_after_refusal = 2'000;  // µs: whoever is refused does not spin
constexpr int patience_ms = 20'000;                  // a request may wait for a chip that hangs

// What the processes share. Each client writes its own part only.
struct Shared {
    std::atomic<std::uint64_t> mark;
    struct Part {
        std::atomic<std::uint64_t> signatures;
        std::atomic<std::uint64_t> ended;    // the mark before its last ended request began
        std::atomic<std::uint64_t> signed_;  // the mark before its last signed request began
    };
    std::array<Part, max_clients> parts;
};

struct Job {
    std::string socket;
    std::size_t clients = 0;
    std::string request;
};

// A connection that is cut is made again: that is how a stop shows in the middle of an answer.
[[noreturn]] void be_client(const Job& job, const Shared& shared, Shared::Part& part) {
    Descriptor socket;
    std::string reply;
    while (true) {
        const std::uint64_t mark = shared.mark;
        if (!socket) socket = connect_to(job.socket);
        const bool answered = socket && exchange(socket, job.request, reply);
        if (!answered) socket = Descriptor();
        const bool is_signed = answered && reply.starts_with("HTTP/1.1 200");
        if (is_signed) {
            ++part.signatures;
            part.signed_ = mark;
        }
        part.ended = mark;
        if (!is_signed) (void)::usleep(pause_after_refusal);
    }
}

std::uint64_t count(std::span<const Shared::Part> parts) {
    std::uint64_t sum = 0;
    for (const Shared::Part& part : parts)
        sum += part.signatures;
    return sum;
}

bool all_have_passed(std::span<const Shared::Part> parts, std::uint64_t mark) {
    for (const Shared::Part& part : parts)
        if (part.ended < mark) return false;
    return true;
}

// How many got a signature for what they asked after the mark; negative when somebody hangs.
int signed_after_mark(Shared& shared, std::span<const Shared::Part> parts) {
    const std::uint64_t mark = ++shared.mark;
    for (int waited = 0; !all_have_passed(parts, mark); ++waited) {
        if (waited == patience_ms) return -1;
        (void)::usleep(1000);
    }
    int clients = 0;
    for (const Shared::Part& part : parts)
        clients += part.signed_ >= mark ? 1 : 0;
    return clients;
}

void obey(Shared& shared, std::span<const Shared::Part> parts) {
    for (std::string line; std::getline(std::cin, line);) {
        if (line == "count") std::cout << count(parts) << std::endl;
        if (line == "mark") std::cout << signed_after_mark(shared, parts) << std::endl;
    }
}

// Processes, not threads: the daemon tells callers apart by process.
int run(const Job& job, Shared& shared) {
    std::array<::pid_t, max_clients> children{};
    for (std::size_t number = 0; number < job.clients; ++number) {
        const ::pid_t child = ::fork();
        if (child < 0) return 1;
        if (child == 0) {
            (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
            be_client(job, shared, shared.parts[number]);
        }
        children[number] = child;
    }
    obey(shared, std::span(shared.parts).first(job.clients));
    for (const ::pid_t child : std::span(children).first(job.clients))
        (void)::kill(child, SIGKILL);
    while (::wait(nullptr) > 0) {
    }
    return 0;
}

std::string request_text(const std::string& target, const std::string& json) {
    return "POST " + target + " HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\n" +
           "Content-Length: " + std::to_string(json.size()) + "\r\n\r\n" + json;
}

}  // namespace

int main(int argc, char** argv) {
    Job job;
    if (argc == 5) {
        job.socket = argv[1];
        job.clients = std::strtoul(argv[2], nullptr, 10);
        job.request = request_text(argv[3], argv[4]);
    }
    if (job.clients < 1 || job.clients > max_clients) {
        std::cerr << "usage: kill-clients SOCKET CLIENTS TARGET BODY\n";
        return 2;
    }
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return 1;
    return run(job, *std::construct_at(static_cast<Shared*>(memory)));
}
