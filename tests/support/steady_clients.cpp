// steady-clients: good agents that ask without pause until a file appears, and lose no request.
//   steady-clients SOCKET KEPT NEW START_FILE STOP_FILE [AUDIENCE]
// KEPT of them keep one connection and ask who they are; NEW make one for each request, and with an
// AUDIENCE have an action signed. All ask once, then wait for START_FILE: being measured is no part
// of the race. One line of JSON for each: {"ready":true} once it waits, and at the end
// {"kind","answered","lost","why"}.
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/support/raw_client.h"

namespace {

using holdfast::test::RawClient;
using holdfast::test::RawReply;

using std::chrono::milliseconds;

constexpr std::chrono::minutes longest{5};  // whoever forgets to stop it is not kept busy for ever
constexpr milliseconds look_again{5};
constexpr milliseconds come_back{50};
constexpr long enough_lost = 100;  // a connection that failed once fails for ever
constexpr int max_clients = 64;

struct Load {
    std::string socket, start_file, stop_file, request;
    int kept = 0, fresh = 0;
};

struct Count {
    long answered = 0, lost = 0;
    std::string why;  // the last one lost
    bool told_to_come_back = false;

    void take(const RawReply& reply) {
        if (reply.status == 200) {
            ++answered;
            return;
        }
        ++lost;
        why = std::to_string(reply.status);
        told_to_come_back = reply.retry_after > 0;
    }
};

using Clock = std::chrono::steady_clock;

// One write, so that lines of several threads and processes in one file stay whole.
void tell_line(const std::string& line) {
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0) std::exit(1);
}

bool is_there(const std::string& file) {
    return ::access(file.c_str(), F_OK) == 0;
}

bool is_over(const Load& load, Clock::time_point begun) {
    return is_there(load.stop_file) || Clock::now() - begun > longest;
}

// `ask` takes one count further. Before the race it asks until it is answered: many who want to be
// measured at once are told to come back, and nothing is lost by that.
template <class Ask>
Count race(const Load& load, const Ask& ask) {
    const auto begun = Clock::now();
    Count count;
    for (ask(count); count.answered == 0 && count.told_to_come_back; ask(count))
        std::this_thread::sleep_for(come_back);
    if (count.answered != 0) {
        count = Count{};
        tell_line("{\"ready\":true}\n");
    }
    while (!is_there(load.start_file) && !is_over(load, begun))
        std::this_thread::sleep_for(look_again);
    while (!is_over(load, begun) && count.lost < enough_lost)
        ask(count);
    return count;
}

Count ask_on_one_connection(const Load& load) {
    RawClient client(load.socket);
    return race(load, [&](Count& count) {
        (void)client.send("GET /v1/whoami HTTP/1.1\r\nHost: holdfast\r\n\r\n");
        count.take(client.read_reply());
    });
}

Count ask_on_new_ones(const Load& load) {
    return race(load, [&](Count& count) {
        RawClient client(load.socket);
        (void)client.send(load.request);
        count.take(client.read_reply());
    });
}

void tell(std::string_view kind, const Count& count) {
    tell_line(R"({"kind":")" + std::string(kind) + R"(","answered":)" +
              std::to_string(count.answered) + R"(,"lost":)" + std::to_string(count.lost) +
              R"(,"why":")" + count.why + "\"}\n");
}

void run(const Load& load) {
    std::vector<std::thread> threads;
    for (int i = 0; i < load.kept; ++i)
        threads.emplace_back([&] { tell("kept", ask_on_one_connection(load)); });
    for (int i = 0; i < load.fresh; ++i)
        threads.emplace_back([&] { tell("new", ask_on_new_ones(load)); });
    for (auto& thread : threads)
        thread.join();
}

std::string request_for(const std::string& audience) {
    if (audience.empty())
        return "GET /v1/whoami HTTP/1.1\r\nHost: holdfast\r\nConnection: close\r\n\r\n";
    const std::string body = R"({"action":"refund.create","audience":")" + audience + "\"}";
    return "POST /v1/actions HTTP/1.1\r\nHost: holdfast\r\nConnection: close\r\n"
           "Content-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

int number(std::string_view text) {
    int value = -1;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    load.kept = argc >= 6 ? number(argv[2]) : -1;
    load.fresh = argc >= 6 ? number(argv[3]) : -1;
    if (load.kept < 0 || load.fresh < 0 || load.kept + load.fresh > max_clients || argc > 7) {
        std::cerr << "usage: steady-clients SOCKET KEPT NEW START_FILE STOP_FILE [AUDIENCE]\n";
        return 2;
    }
    load.socket = argv[1];
    load.start_file = argv[4];
    load.stop_file = argv[5];
    load.request = request_for(argc == 7 ? argv[6] : "");
    run(load);
    return 0;
}
