// Proxy: stands where a TPM would, and answers at the pace of the imitated chip.
#ifndef HOLDFAST_BENCH_SLOW_TPM_PROXY_H
#define HOLDFAST_BENCH_SLOW_TPM_PROXY_H

#include <poll.h>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bench/slow-tpm/control_pipes.h"
#include "bench/slow-tpm/pace.h"
#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::bench {

inline constexpr std::size_t max_clients = 64;  // more wait in the socket's own queue

class Proxy {
  public:
    // Listens at `listen` and `listen`.ctrl, in front of `to` and `to`.ctrl.
    static Result<Proxy> open(const std::string& listen, const std::string& to, Pace pace);

    // Until a signal handler sets `stop`; `while_waiting` lets that signal in.
    Done serve(const volatile std::sig_atomic_t& stop, const ::sigset_t& while_waiting);

    // Commands begun, by code.
    const std::map<std::uint32_t, std::uint64_t>& counts() const noexcept { return counts_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Client {
        Descriptor socket;
        Bytes received;
        bool waits = false;  // a whole command is in `received`, queued or under way
    };
    // What the chip does now. It goes on when the client leaves, as a chip would.
    struct Work {
        std::uint64_t client = 0;
        Descriptor chip;
        Bytes answer;
        Clock::time_point due;
    };

    Proxy(std::string to, Descriptor commands, Descriptor control, Pace pace)
        : to_(std::move(to)),
          commands_(std::move(commands)),
          control_(std::move(control)),
          pace_(std::move(pace)),
          pipes_(to_ + ".ctrl") {}

    std::vector<::pollfd> watched() const;
    void look(const std::vector<::pollfd>& found);
    std::optional<Clock::duration> time_left() const;
    void greet(short commands_ready, short control_ready);
    void listen_to(std::uint64_t id, short ready);
    void begin_next();
    bool begin(std::uint64_t id, const Bytes& command);
    void hear_chip(short ready);
    void answer_if_due();

    std::string to_;
    Descriptor commands_, control_;
    Pace pace_;
    ControlPipes pipes_;
    std::map<std::uint64_t, Client> clients_;
    std::uint64_t last_client_ = 0;
    std::deque<std::uint64_t> queue_;
    std::optional<Work> work_;
    std::map<std::uint32_t, std::uint64_t> counts_;
};

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_PROXY_H
