// Who connected, and is it still them: the kernel's facts, from real sockets and real processes.
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <functional>

#include "attest/measure/process.h"
#include "core/crypto/digest.h"
#include "daemon/callers/instances.h"
#include "tests/support/ancillary.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::Peer;
using test::Child;
using test::child_awaits;
using test::child_tells;
using tests::run_async;

namespace {

#define NEEDS_ROOT() \
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to be another user")

template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason();
}

Peer peer_for(const Child& child) {
    return {child.pid(), ::getuid(), ::getgid(),
            Descriptor(::fcntl(child.pidfd(), F_DUPFD_CLOEXEC, 0)), true};
}

void wait_for_end(const Child& child) {
    pollfd ended{child.pidfd(), POLLIN, 0};
    REQUIRE(::poll(&ended, 1, 30'000) == 1);
}

// Two connected ends; the second one is the daemon's.
struct Connected {
    Connected() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0);
        caller = Descriptor(ends[0]);
        daemon = Descriptor(ends[1]);
    }
    Result<std::size_t> receive() const {
        const Peer self{::getpid(), ::getuid(), ::getgid(), {}, true};
        char byte = 0;
        return daemon::receive_from(daemon.get(), self, &byte, 1);
    }
    // Root may say any uid.
    void send_as(uid_t uid) const {
        REQUIRE(test::send_as(caller.get(), "x", {::getpid(), uid, ::getgid()}));
    }

    Descriptor caller, daemon;
};

// A listening socket anybody may connect to.
class Listening {
  public:
    Listening() : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const std::string path = directory_.path("sock");
        address_.sun_family = AF_UNIX;
        std::memcpy(&address_.sun_path, path.c_str(), path.size() + 1);
        REQUIRE(::bind(socket_.get(), address(), sizeof(address_)) == 0);
        REQUIRE(::chmod(path.c_str(), 0666) == 0);
        REQUIRE(::listen(socket_.get(), 1) == 0);
    }
    void connect() const {
        const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
        if (::connect(socket, address(), sizeof(address_)) != 0) ::_exit(5);
    }
    Descriptor accept() const {
        return Descriptor(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }

  private:
    const sockaddr* address() const { return reinterpret_cast<const sockaddr*>(&address_); }

    test::Directory directory_;
    sockaddr_un address_{};
    Descriptor socket_;
};

// Measures for real, and then lets the test do something before the answer arrives.
class MeasurerThen final : public daemon::Measurer {
  public:
    explicit MeasurerThen(std::function<void()> then) : then_(std::move(then)) {}
    daemon::Async<attest::ProcessView> measure(pid_t pid, int pidfd, uid_t uid) override {
        auto view = attest::measure_process(pid, pidfd, {uid, true});
        then_();
        co_return view;
    }
    daemon::Async<std::monostate> check_view(Sha256) override { co_return done(); }

  private:
    std::function<void()> then_;
};

policy::AgentFile agent_of(uid_t uid, const Sha256& executable) {
    policy::AgentFile agent;
    agent.uid = uid;
    agent.executable = executable;
    return agent;
}

Sha256 own_program() {
    const Descriptor self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    return *crypto::sha256_of_file(self.get());
}

// Runs this very program until it is told to become another one.
Child about_to_execute() {
    auto child = Child::forked(
        [] {
            child_tells();
            child_awaits();
            (void)::execl("/bin/cat", "cat", nullptr);
        },
        ::getuid());
    child.await();
    return child;
}

}  // namespace

TEST_CASE("peer: bytes without a sender are refused", "[daemon][callers]") {
    const Connected connected;  // nobody asked the kernel for senders
    REQUIRE(::send(connected.caller.get(), "x", 1, 0) == 1);
    CHECK(reason_of(connected.receive()) == "foreign_sender");
}

TEST_CASE("peer: bytes under another uid than the caller's are refused", "[daemon][callers]") {
    NEEDS_ROOT();
    const Connected connected;
    REQUIRE(daemon::ask_for_senders(connected.daemon.get()));
    connected.send_as(::getuid());
    CHECK(connected.receive());
    connected.send_as(20001);
    CHECK(reason_of(connected.receive()) == "foreign_sender");
}

TEST_CASE("peer: a uid the kernel cannot name is nobody", "[daemon][callers]") {
    NEEDS_ROOT();
    for (const auto& [uid, reason] :
         {std::pair(uid_t{20001}, ""), std::pair(daemon::unmapped_uid, "unrecognised_caller")}) {
        const Listening listening;
        auto child = Child::forked(
            [&] {
                listening.connect();
                child_tells();
                child_awaits();
            },
            uid);
        child.await();
        const auto accepted = listening.accept();
        CHECK(reason_of(daemon::peer_of(accepted.get())) == reason);
    }
}

TEST_CASE("peer: who connected and has ended is not served", "[daemon][callers]") {
    const Listening listening;
    const auto child = Child::forked([&] { listening.connect(); }, ::getuid());
    wait_for_end(child);
    const auto accepted = listening.accept();
    CHECK(reason_of(daemon::peer_of(accepted.get())) == "caller_gone");
}

TEST_CASE("peer: an operator who has ended has no name", "[daemon][callers]") {
    const auto child = Child::forked([] {}, ::getuid());
    wait_for_end(child);
    CHECK(reason_of(daemon::principal_of(peer_for(child))) == "caller_gone");
}

TEST_CASE("instances: other code executed right after measuring is not recognised",
          "[daemon][callers]") {
    boost::asio::io_context loop;
    const std::map<std::string, policy::AgentFile> agents{
        {"bot", agent_of(::getuid(), own_program())}};
    auto child = about_to_execute();
    const Peer peer = peer_for(child);
    MeasurerThen nothing([] {});
    const daemon::Launched none;
    daemon::Instances honest(nothing, agents, none, [](const auto&, const auto&) {});
    CHECK(run_async(loop, honest.recognise(peer))->agent == "bot");
    MeasurerThen executes([&] {
        child.tell();
        child.tell();
        child.await();  // cat has echoed
    });
    daemon::Instances deceived(executes, agents, none, [](const auto&, const auto&) {});
    CHECK(reason_of(run_async(loop, deceived.recognise(peer))) == "measurement_changed");
}

TEST_CASE("instances: the same program of another declared user is not this agent",
          "[daemon][callers]") {
    boost::asio::io_context loop;
    const std::map<std::string, policy::AgentFile> agents{
        {"bot", agent_of(::getuid(), Sha256{})},
        {"another-users", agent_of(::getuid() + 1, own_program())}};
    const auto child = about_to_execute();
    MeasurerThen nothing([] {});
    const daemon::Launched none;
    daemon::Instances instances(nothing, agents, none, [](const auto&, const auto&) {});
    CHECK(reason_of(run_async(loop, instances.recognise(peer_for(child)))) ==
          "measurement_mismatch");
}
