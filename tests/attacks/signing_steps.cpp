// Steps of a launched agent: who asks, and over whose connection?
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <stdexcept>

#include "holdfast/descriptor.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"
#include "tests/attacks/steps.h"

namespace holdfast::attacks {
namespace {

// Its first use connects.
const Line& own_line() {
    static const Line line = Line::connected();
    return line;
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("channel: long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Descriptor new_socket() {
    Descriptor made(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    require(static_cast<bool>(made), "socket");
    return made;
}

// A socket in the agent's data directory, and who connects to it.
Descriptor stranger_at(const std::string& path) {
    const Descriptor listener = new_socket();
    const auto address = address_of(path);
    (void)::unlink(path.c_str());
    require(
        ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0 &&
            ::listen(listener.get(), 1) == 0,
        "listen");
    Descriptor stranger(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    require(static_cast<bool>(stranger), "accept");
    return stranger;
}

Descriptor agent_at(const std::string& path) {
    Descriptor channel = new_socket();
    const auto address = address_of(path);
    require(
        ::connect(channel.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0,
        "connect");
    return channel;
}

}  // namespace

void ask_on_own_line(const Words& resource) {
    ask(own_line(), resource.at(0));
}

void ask_anew(const Words& resource) {
    ask(Line::connected(), resource.at(0));
}

void give_to_child(const Words& resource) {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
    const Descriptor ours(ends[0]);
    const Descriptor theirs(ends[1]);
    const pid_t child = child_that([&] { ask(Line::taken_from(theirs.get()), resource.at(0)); });
    own_line().give_to(ours.get());
    end_of(child);
}

void give_to_stranger(const Words& channel) {
    own_line().give_to(stranger_at(channel.at(0)).get());
    ready();
}

void take_from_stranger(const Words& channel) {
    const Descriptor stranger = stranger_at(channel.at(0));
    ask(Line::taken_from(stranger.get()), "stolen");
}

void be_given(const Words& channel_and_resource) {
    const Descriptor agent = agent_at(channel_and_resource.at(0));
    ask(Line::taken_from(agent.get()), channel_and_resource.at(1));
}

void give_own(const Words& channel) {
    const Descriptor agent = agent_at(channel.at(0));
    own_line().give_to(agent.get());
    // Alive as long as the agent asks over it.
    wait();
}

}  // namespace holdfast::attacks
