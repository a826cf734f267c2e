// Whose socket, whose bytes: a connection and the process that speaks over it are not the same.
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"

namespace holdfast::attacks {
namespace {

struct Channel {
    Descriptor here, there;
};

Channel new_channel() {
    std::array<int, 2> ends{};
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0, "socketpair");
    return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// The program, with a way to this one, over which it is also told to go on.
pid_t started(Arguments program, const Channel& channel) {
    return child_that([&] {
        require(::dup2(channel.there.get(), parent_number) == parent_number, "dup2");
        require(::dup2(channel.there.get(), STDIN_FILENO) == STDIN_FILENO, "dup2");
        become(program);
    });
}

}  // namespace

// The connection is this one's, the words are the trusted program's.
void fork_exec(Arguments trusted) {
    const Line line = Line::connected();
    end_of(child_that([&] {
        line.leave_to_next_program();
        become(trusted);
    }));
}

void give_socket(Arguments trusted) {
    const Line line = Line::connected();
    const Channel channel = new_channel();
    const pid_t program = started(trusted, channel);
    line.give_to(channel.here.get());
    end_of(program);
}

// The connection is the trusted program's, and it was measured; the words are this one's.
void take_socket(Arguments trusted) {
    const Channel channel = new_channel();
    const pid_t program = started(trusted, channel);
    const Line line = Line::taken_from(channel.here.get());
    ask(line, "stolen");
    require(::write(channel.here.get(), "\n", 1) == 1, "write");
    end_of(program);
}

void speak(Arguments /*none*/) {
    ask(Line::inherited(), "stolen");
}

// Who connected and began has died; who kept the socket goes on.
void heir_of_the_dead(Arguments /*none*/) {
    const Line line = Line::unconnected();
    const std::string request = request_for("stolen");
    const auto half = request.size() / 2;
    const Doomed caller([&] {
        line.connect();
        line.send(request.substr(0, half));
    });
    ready();
    wait();  // until the daemon has accepted
    (void)caller.die();
    line.send(request.substr(half));
    hear(line);
}

// As above, but all was said and done before the daemon had a chance to look.
void die_before_accept(Arguments /*none*/) {
    const Line line = Line::unconnected();
    const Doomed caller([&] {
        line.connect();
        line.send(request_for("stolen"));
    });
    (void)caller.die();
    ready();
    hear(line);
}

// The words are this program's; when the daemon looks, the process is the trusted one.
void send_then_become(Arguments trusted) {
    const Line line = Line::connected();
    line.send(request_for("stolen"));
    const pid_t reader = child_that([&] { hear(line); });
    (void)reader;  // outlives this program; the trusted one waits
    become(trusted);
}

}  // namespace holdfast::attacks
