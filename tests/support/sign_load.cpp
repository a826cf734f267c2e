// sign-load: clients that sign without pause until a file appears; one line of JSON per request.
//   sign-load SOCKET CLIENTS STOP_FILE AUDIENCE
// {"client","at","ms","status","retry_after","reply"}, or "error" in place of the last three: `at`
// is when the answer came (Unix time in ms), `ms` how long it took.
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>

#include "holdfast/client.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// Far beyond every promise under test: who gets no answer within it has met a daemon that hangs.
constexpr std::chrono::seconds hung_after{30};
constexpr std::chrono::minutes longest{5};  // whoever forgets to stop it is not kept busy for ever
constexpr milliseconds pause_after_refusal{20};
constexpr int max_clients = 64;

struct Load {
    std::string socket;
    int clients = 0;
    std::string stop_file;
    std::string request;
};

std::string outcome_of(const holdfast::Result<holdfast::Reply>& reply) {
    if (!reply) {
        std::string text = reply.error().text();
        for (auto& letter : text)
            if (letter == '"' || letter == '\\' || letter < ' ') letter = '\'';
        return "\"error\":\"" + text + "\"";
    }
    return "\"status\":" + std::to_string(reply->status) +
           ",\"retry_after\":" + std::to_string(reply->retry_after) + ",\"reply\":" + reply->body;
}

// One write per line, so that lines of several processes in one file stay whole.
bool tell(const std::string& line) {
    return ::write(STDOUT_FILENO, line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

int be_client(const Load& load, int number) {
    const holdfast::Client daemon(load.socket, hung_after);
    const auto end = steady_clock::now() + longest;
    while (::access(load.stop_file.c_str(), F_OK) != 0) {
        const auto begun = steady_clock::now();
        if (begun > end) return 1;
        const auto reply = daemon.post("/v1/actions", load.request);
        const auto took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begun);
        const auto at = std::chrono::duration_cast<milliseconds>(
            std::chrono::system_clock::now().time_since_epoch());
        const std::string line =
            "{\"client\":" + std::to_string(number) + ",\"at\":" + std::to_string(at.count()) +
            ",\"ms\":" + std::to_string(took.count()) + "," + outcome_of(reply) + "}\n";
        if (!tell(line)) return 1;
        // A refused client that came back at once would measure only itself.
        if (!reply || reply->status != 200) std::this_thread::sleep_for(pause_after_refusal);
    }
    return 0;
}

// Processes, not threads: the daemon tells callers apart by process.
int run(const Load& load) {
    for (int number = 0; number < load.clients; ++number) {
        const pid_t child = ::fork();
        if (child < 0) return 1;
        if (child == 0) ::_exit(be_client(load, number));
    }
    bool all_well = true;
    for (int status = 0; ::wait(&status) > 0;)
        all_well = all_well && status == 0;
    return all_well ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    const std::string_view count = argc == 5 ? argv[2] : "";
    std::from_chars(count.data(), count.data() + count.size(), load.clients);
    if (load.clients < 1 || load.clients > max_clients) {
        std::cerr << "usage: sign-load SOCKET CLIENTS STOP_FILE AUDIENCE\n";
        return 2;
    }
    load.socket = argv[1];
    load.stop_file = argv[3];
    load.request = R"({"action":"refund.create","resource":"order/4711","params":{"n":1},)";
    load.request += "\"audience\":\"" + std::string(argv[4]) + "\"}";
    return run(load);
}
