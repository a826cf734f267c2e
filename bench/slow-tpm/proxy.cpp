#include "bench/slow-tpm/proxy.h"

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <span>
#include <system_error>

#include "bench/slow-tpm/frame.h"
#include "bench/slow-tpm/sockets.h"

namespace holdfast::bench {
namespace {

::timespec timespec_of(std::chrono::nanoseconds time) noexcept {
    constexpr std::chrono::nanoseconds::rep a_second = 1'000'000'000;
    const auto count = std::max<std::chrono::nanoseconds::rep>(time.count(), 0);
    return {.tv_sec = count / a_second, .tv_nsec = count % a_second};
}

}  // namespace

Result<Proxy> Proxy::open(const std::string& listen, const std::string& to, Pace pace) {
    // Control first: who finds the command socket finds both.
    HOLDFAST_TRY(control, listen_at(listen + ".ctrl"));
    HOLDFAST_TRY(commands, listen_at(listen));
    return Proxy(to, std::move(commands), std::move(control), std::move(pace));
}

Done Proxy::serve(const volatile std::sig_atomic_t& stop, const ::sigset_t& while_waiting) {
    while (stop == 0) {
        std::vector<::pollfd> found = watched();
        const auto left = time_left();
        const ::timespec longest = timespec_of(left.value_or(Clock::duration::zero()));
        const int ready =
            ::ppoll(found.data(), found.size(), left ? &longest : nullptr, &while_waiting);
        if (ready < 0 && errno != EINTR)
            return Error(Code::internal, "poll: " + std::generic_category().message(errno));
        if (ready < 0) continue;
        look(found);
    }
    return done();
}

// The two listeners, the chip, the clients in order of their ids, the control pipes.
std::vector<::pollfd> Proxy::watched() const {
    const short greeting = clients_.size() < max_clients ? POLLIN : 0;
    const short control_greeting = pipes_.size() < max_clients ? POLLIN : 0;
    std::vector<::pollfd> entries = {{commands_.get(), greeting, 0},
                                     {control_.get(), control_greeting, 0}};
    const bool expects_chip = work_ && look_at(work_->answer) == Frame::partial;
    entries.push_back({expects_chip ? work_->chip.get() : -1, POLLIN, 0});
    for (const auto& [id, client] : clients_)
        entries.push_back({client.socket.get(), client.waits ? short{0} : short{POLLIN}, 0});
    pipes_.watch(entries);
    return entries;
}

void Proxy::look(const std::vector<::pollfd>& found) {
    constexpr std::size_t first_client = 3;
    const std::size_t first_pipe = first_client + clients_.size();
    pipes_.serve(std::span(found).subspan(first_pipe));
    std::vector<std::uint64_t> ids;
    for (const auto& [id, client] : clients_)
        ids.push_back(id);
    for (std::size_t i = 0; i < ids.size(); ++i)
        listen_to(ids[i], found[first_client + i].revents);
    hear_chip(found[2].revents);
    greet(found[0].revents, found[1].revents);
    answer_if_due();
    begin_next();
}

// Nothing: the chip has not answered yet, or has nothing to do.
std::optional<Proxy::Clock::duration> Proxy::time_left() const {
    if (!work_ || look_at(work_->answer) != Frame::whole) return std::nullopt;
    return work_->due - Clock::now();
}

void Proxy::greet(short commands_ready, short control_ready) {
    if ((commands_ready & POLLIN) != 0)
        if (Descriptor socket = accept_from(commands_))
            clients_[++last_client_].socket = std::move(socket);
    if ((control_ready & POLLIN) != 0)
        if (Descriptor socket = accept_from(control_)) pipes_.add(std::move(socket));
}

void Proxy::listen_to(std::uint64_t id, short ready) {
    if (ready == 0) return;
    Client& client = clients_.at(id);
    if (client.waits || !receive_some(client.socket, client.received, max_frame)) {
        clients_.erase(id);  // it left, with or without waiting for its answer
        return;
    }
    const Frame frame = look_at(client.received);
    if (frame == Frame::malformed) clients_.erase(id);
    if (frame != Frame::whole) return;
    client.waits = true;
    queue_.push_back(id);
}

void Proxy::begin_next() {
    while (!work_ && !queue_.empty()) {
        const std::uint64_t id = queue_.front();
        queue_.pop_front();
        const auto client = clients_.find(id);
        if (client != clients_.end() && !begin(id, client->second.received)) clients_.erase(client);
    }
}

// A connection for each command: swtpm serves one at a time, and an idle client must not hold it.
bool Proxy::begin(std::uint64_t id, const Bytes& command) {
    Work work;
    work.client = id;
    work.chip = connect_to(to_);
    Bytes to_send = command;
    if (!work.chip || !send_some(work.chip, to_send) || !to_send.empty()) return false;
    const std::uint32_t code = code_of(command);
    ++counts_[code];
    work.due = Clock::now() + pace_.next(code);
    work_ = std::move(work);
    return true;
}

void Proxy::hear_chip(short ready) {
    if (ready == 0 || !work_) return;
    const bool is_there = receive_some(work_->chip, work_->answer, max_frame);
    const Frame answer = look_at(work_->answer);
    if (answer == Frame::whole || (answer == Frame::partial && is_there)) return;
    clients_.erase(work_->client);  // the chip broke off, and so do we
    work_.reset();
}

void Proxy::answer_if_due() {
    if (!work_ || look_at(work_->answer) != Frame::whole || Clock::now() < work_->due) return;
    const auto client = clients_.find(work_->client);
    if (client != clients_.end()) {
        const bool is_sent =
            send_some(client->second.socket, work_->answer) && work_->answer.empty();
        client->second.received.clear();
        client->second.waits = false;
        if (!is_sent) clients_.erase(client);
    }
    work_.reset();
}

}  // namespace holdfast::bench
