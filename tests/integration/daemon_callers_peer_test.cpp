#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>

#include "daemon/callers/peer.h"
#include "tests/support/catch.h"
#include "tests/support/front_server.h"

using namespace holdfast;
using namespace holdfast::daemon;
using holdfast::test::Child;
using holdfast::test::FrontServer;
using holdfast::test::tell;

namespace {

struct Pair {
    Descriptor ours, theirs;
};

Pair connected_pair() {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// This very process at the other end, as accept would find it.
Peer own_peer() {
    Peer peer;
    peer.pid = ::getpid();
    peer.uid = ::getuid();
    return peer;
}

Result<std::size_t> receive(const Pair& pair) {
    std::array<char, 16> chunk{};
    return receive_from(pair.ours.get(), own_peer(), chunk.data(), chunk.size());
}

void say(const Pair& pair) {
    REQUIRE(::send(pair.theirs.get(), "x", 1, 0) == 1);
}

void connect_to(const std::string& path, int socket) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        ::_exit(2);
}

}  // namespace

TEST_CASE("peer: a chunk that names its sender is taken", "[daemon][callers]") {
    const Pair pair = connected_pair();
    REQUIRE(ask_for_senders(pair.ours.get()));
    say(pair);
    const auto got = receive(pair);
    REQUIRE(got);
    CHECK(*got == 1);
}

TEST_CASE("peer: a chunk without credentials is refused", "[daemon][callers]") {
    const Pair pair = connected_pair();
    SECTION("it was sent before anybody asked for senders: pid 0, uid 65534") {
        say(pair);
        REQUIRE(ask_for_senders(pair.ours.get()));
    }
    SECTION("nobody asks for senders") {
        say(pair);
    }
    const auto got = receive(pair);
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Code::denied);
    CHECK(got.error().reason() == "foreign_sender");
}

TEST_CASE("front: who is gone before it is heard is closed and recorded", "[front]") {
    FrontServer server(tell, {});
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    // The loop is busy with this, so what it accepts afterwards is a dead caller's connection.
    server.on_loop([&] {
        auto caller = Child::forked(
            [&] {
                connect_to(server.agent_socket(), socket.get());
                (void)::send(socket.get(), test::whoami.data(), test::whoami.size(), 0);
                test::child_tells();
                test::child_awaits();
            },
            ::getuid());
        caller.await();
        caller.end();
    });
    char byte = 0;
    CHECK(::recv(socket.get(), &byte, 1, 0) <= 0);  // closed, not answered
    server.on_loop([] {});
    server.stop();
    REQUIRE(server.refusals.size() == 1);
    CHECK(server.refusals.front().reason == "caller_gone");
    CHECK(server.refusals.front().operation == "connect");
    CHECK(server.refusals.front().uid == ::getuid());
}
