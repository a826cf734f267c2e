// launched-load: an agent that bench/launch has launched. What it does is in its manifest:
//   launched-load clock              says when its main began, then waits
//   launched-load crowd N            N children that wait; says so when all are there
//   launched-load sign N REQUEST     N threads that sign without pause; the time of the last answer
//                                    is in $HOLDFAST_DATA/last (CLOCK_MONOTONIC, ns, 8 bytes)
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/programs/keep_alive.h"

namespace {

using holdfast::Descriptor;

std::int64_t now_ns() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

[[noreturn]] void wait_for_ever() {
    for (;;)
        (void)::pause();
}

int crowd(int members) {
    for (int i = 0; i < members; ++i)
        if (::fork() == 0) wait_for_ever();
    std::cout << "crowd " << members << std::endl;
    wait_for_ever();
}

// In shared memory: it outlives us, who are killed in the middle of it.
std::atomic<std::int64_t>* last_answer() {
    const std::string path = std::string(std::getenv("HOLDFAST_DATA")) + "/last";
    const Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
    if (!file || ::ftruncate(file.get(), sizeof(std::int64_t)) != 0) return nullptr;
    void* memory =
        ::mmap(nullptr, sizeof(std::int64_t), PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    return memory == MAP_FAILED ? nullptr : static_cast<std::atomic<std::int64_t>*>(memory);
}

void sign(const std::string& request, std::atomic<std::int64_t>& last) {
    const Descriptor socket = holdfast::bench::connect_to(std::getenv("HOLDFAST_SOCKET"));
    std::string reply;
    while (holdfast::bench::exchange(socket, request, reply)) {
        if (!reply.starts_with("HTTP/1.1 200")) continue;
        const std::int64_t now = now_ns();
        for (std::int64_t seen = last; seen < now && !last.compare_exchange_weak(seen, now);) {
        }
    }
}

int sign_all(int clients, const std::string& body) {
    std::atomic<std::int64_t>* last = last_answer();
    if (last == nullptr) return EXIT_FAILURE;
    const std::string request =
        "POST /v1/actions HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body;
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
        threads.emplace_back([&] { sign(request, *last); });
    std::cout << "signing" << std::endl;
    for (auto& thread : threads)
        thread.join();
    wait_for_ever();
}

}  // namespace

int main(int argc, char** argv) {
    const std::int64_t begun = now_ns();
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 1 && words[0] == "clock") {
        std::cout << "clock " << begun << std::endl;
        wait_for_ever();
    }
    if (words.size() == 2 && words[0] == "crowd") return crowd(std::stoi(words[1]));
    if (words.size() == 3 && words[0] == "sign") return sign_all(std::stoi(words[1]), words[2]);
    std::cerr << "launched-load: see its source\n";
    return EXIT_FAILURE;
}
