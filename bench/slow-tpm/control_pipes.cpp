#include "bench/slow-tpm/control_pipes.h"

#include <iterator>

#include "bench/slow-tpm/sockets.h"

namespace holdfast::bench {
namespace {

constexpr std::size_t max_piece = 4096;

// A side is read only while what was read before it has left: so nothing piles up here.
short events_for(const Bytes& read_from_it, const Bytes& going_to_it) noexcept {
    const int events = (read_from_it.empty() ? POLLIN : 0) | (going_to_it.empty() ? 0 : POLLOUT);
    return static_cast<short>(events);
}

// One side of a pipe as poll found it.
struct End {
    const Descriptor& socket;
    short ready;

    bool is(int event) const noexcept { return (ready & (event | POLLHUP | POLLERR)) != 0; }
};

// False when the pipe has ended.
bool pass(const End& from, const End& to, Bytes& pending) {
    if (pending.empty() && from.is(POLLIN) && !receive_some(from.socket, pending, max_piece))
        return false;
    return pending.empty() || send_some(to.socket, pending);
}

}  // namespace

void ControlPipes::add(Descriptor client) {
    Descriptor chip = connect_to(to_);
    if (!chip) return;
    Pipe pipe;
    pipe.client = std::move(client);
    pipe.chip = std::move(chip);
    pipes_.push_back(std::move(pipe));
}

void ControlPipes::watch(std::vector<::pollfd>& watched) const {
    for (const Pipe& pipe : pipes_) {
        watched.push_back({pipe.client.get(), events_for(pipe.down, pipe.up), 0});
        watched.push_back({pipe.chip.get(), events_for(pipe.up, pipe.down), 0});
    }
}

bool ControlPipes::serve(Pipe& pipe, short client_ready, short chip_ready) {
    const End client{pipe.client, client_ready};
    const End chip{pipe.chip, chip_ready};
    return pass(chip, client, pipe.up) && pass(client, chip, pipe.down);
}

void ControlPipes::serve(std::span<const ::pollfd> served) {
    auto pipe = pipes_.begin();
    for (std::size_t i = 0; i + 1 < served.size() && pipe != pipes_.end(); i += 2) {
        const bool goes_on = serve(*pipe, served[i].revents, served[i + 1].revents);
        pipe = goes_on ? std::next(pipe) : pipes_.erase(pipe);
    }
}

}  // namespace holdfast::bench
