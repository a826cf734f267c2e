// malformed-load: bad input in bulk, from some clients at once; each gets what is documented.
//   malformed-load AGENT_SOCKET ADMIN_SOCKET REQUESTS AUDIENCE
// Run it as a recognised agent. Says how many of each kind were sent; ends with 1, and says which,
// when any got another answer than it should.
#include <poll.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "core/encode/json.h"
#include "tests/support/malformed.h"
#include "tests/support/raw_client.h"

namespace {

using holdfast::test::Malformed;
using holdfast::test::Manner;
using holdfast::test::RawClient;
using holdfast::test::RawReply;

// Few, so that the daemon's limits of connections are not what answers.
constexpr int clients = 4;
constexpr int costly_every = 10;  // rounds
constexpr std::chrono::milliseconds between_drops{50};
constexpr std::size_t most_descriptors = 253;  // SCM_MAX_FD
constexpr std::size_t most_complaints = 20;

// What became of the requests, counted by several threads: a count has no message to wait for.
class Tally {
  public:
    void count(const Malformed& sent, const std::string& complaint) {
        const std::lock_guard lock(mutex_);
        ++counts_[sent.kind];
        if (complaint.empty()) return;
        if (++wrong_ <= most_complaints)
            std::cerr << sent.kind << ": " << sent.what << ": " << complaint << '\n';
    }
    bool tell() const {
        int total = 0;
        for (const auto& [kind, count] : counts_) {
            std::cout << count << " × " << kind << '\n';
            total += count;
        }
        std::cout << total << " in all, " << wrong_ << " answered otherwise than documented\n";
        return wrong_ == 0;
    }

  private:
    std::mutex mutex_;
    std::map<std::string, int> counts_;
    std::size_t wrong_ = 0;
};

struct Load {
    std::string agent_socket, admin_socket, audience;
    int requests = 0;
};

bool is_readable(int descriptor, std::chrono::milliseconds patience) {
    pollfd one{.fd = descriptor, .events = POLLIN, .revents = 0};
    return ::poll(&one, 1, static_cast<int>(patience.count())) > 0;
}

void send_in_its_manner(const RawClient& client, const Malformed& bad) {
    switch (bad.manner) {
        case Manner::descriptors: (void)client.send_with_descriptors(bad.bytes, 1); return;
        case Manner::descriptors_in_bulk:
            (void)client.send_with_descriptors(bad.bytes, most_descriptors);
            return;
        case Manner::dripping:
            while (client.send(bad.bytes) && !is_readable(client.descriptor(), between_drops)) {
            }
            return;
        default: (void)client.send(bad.bytes);
    }
    if (bad.manner == Manner::half_closed) client.half_close();
}

// "" when the reply is the one it should be.
std::string complaint_about(const RawReply& reply, const Malformed& bad) {
    if (reply.status != bad.status)
        return std::to_string(reply.status) + " instead of " + std::to_string(bad.status) + " " +
               reply.body;
    if (bad.code.empty()) return "";
    const auto problem = holdfast::encode::parse_json(reply.body);
    if (!problem) return "no problem document: " + reply.body;
    const auto* code = problem->find("code");
    const auto* detail = problem->find("detail");
    if (code == nullptr || code->string() == nullptr || *code->string() != bad.code)
        return "not " + bad.code + ": " + reply.body;
    if (detail == nullptr || detail->string() == nullptr ||
        detail->string()->find(bad.detail) == std::string::npos)
        return "for another reason: " + reply.body;
    return "";
}

// One connection for one request, which ends it unless it was a proper one.
std::string try_alone(const std::string& socket, const Malformed& bad) {
    RawClient client(socket);
    if (!client.is_open()) return "no connection";
    send_in_its_manner(client, bad);
    if (bad.manner == Manner::abandoned) return "";
    const auto reply = client.read_reply();
    auto complaint = complaint_about(reply, bad);
    if (!complaint.empty() || reply.status == 200) return complaint;
    if (reply.status != 0 && !reply.says_close) return "the connection may go on";
    return client.ends() ? "" : "something follows";
}

void try_all_alone(Tally& tally, const std::string& socket, const std::vector<Malformed>& all) {
    for (const auto& bad : all)
        tally.count(bad, try_alone(socket, bad));
}

// One connection for all of them.
void try_in_a_row(Tally& tally, const std::string& socket, const std::vector<Malformed>& all,
                  bool costly_too) {
    RawClient client(socket);
    for (const auto& bad : all) {
        if (bad.costly && !costly_too) continue;
        (void)client.send(bad.bytes);
        tally.count(bad, complaint_about(client.read_reply(), bad));
    }
}

void one_round(Tally& tally, const Load& load, int round) {
    using namespace holdfast::test;
    const bool costly_too = round % costly_every == 0;
    try_all_alone(tally, load.agent_socket, bad_requests(actions));
    try_all_alone(tally, load.admin_socket, bad_requests(apply));
    for (const auto* socket : {&load.agent_socket, &load.admin_socket})
        try_all_alone(tally, *socket, noise(static_cast<std::uint32_t>(round)));
    try_in_a_row(tally, load.agent_socket, bad_actions(load.audience), costly_too);
    try_in_a_row(tally, load.admin_socket, bad_applies(), costly_too);
}

int rounds_for(const Load& load) {
    using namespace holdfast::test;
    const auto per_round = bad_requests(actions).size() + bad_requests(apply).size() +
                           2 * noise(0).size() + bad_actions(load.audience).size() +
                           bad_applies().size() - 4;  // the costly ones
    return load.requests / static_cast<int>(per_round) + 1;
}

bool run(const Load& load) {
    using namespace holdfast::test;
    Tally tally;
    std::atomic<int> next{0};
    const int rounds = rounds_for(load);
    std::vector<std::thread> threads;
    for (int client = 0; client < clients; ++client)
        threads.emplace_back([&] {
            for (int round = next++; round < rounds; round = next++)
                one_round(tally, load, round);
        });
    for (const auto& [socket, route] :
         {std::pair{&load.agent_socket, &actions}, std::pair{&load.admin_socket, &apply}}) {
        for (const auto& bad : slow_senders(*route))
            threads.emplace_back(
                [&tally, socket, bad] { tally.count(bad, try_alone(*socket, bad)); });
    }
    for (auto& thread : threads)
        thread.join();
    return tally.tell();
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    const std::string_view count = argc == 5 ? argv[3] : "";
    std::from_chars(count.data(), count.data() + count.size(), load.requests);
    if (load.requests < 1) {
        std::cerr << "usage: malformed-load AGENT_SOCKET ADMIN_SOCKET REQUESTS AUDIENCE\n";
        return 2;
    }
    load.agent_socket = argv[1];
    load.admin_socket = argv[2];
    load.audience = argv[4];
    return run(load) ? 0 : 1;
}
