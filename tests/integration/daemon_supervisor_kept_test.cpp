// KeptInstances: what of launched agents outlives the launcher.
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>
#include <thread>

#include "daemon/pidfd.h"
#include "daemon/supervisor_kept.h"
#include "tests/support/child.h"
#include "tests/support/launch_samples.h"

using namespace holdfast;
using namespace holdfast::daemon;
using test::a_kept;

namespace {

std::string id_of(std::size_t number) {
    static const char* digits = "0123456789abcdef";
    std::string id;
    for (int shift = 12; shift >= 0; shift -= 4)
        id += digits[(number >> static_cast<unsigned>(shift)) & 15U];
    return id;
}

Done keep(KeptInstances& kept, const KeptInstance& one) {
    HOLDFAST_TRY(message, encode_kept(one));
    return kept.take(std::move(message));
}

// Six descriptors each, on both sides of a socket.
void allow_many_descriptors() {
    rlimit limit{};
    REQUIRE(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = limit.rlim_max;
    REQUIRE(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

struct Link {
    Link() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        // The supervisor's loop never waits.
        REQUIRE(::fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
        ours = Descriptor(ends[0]);
        theirs = Descriptor(ends[1]);
    }
    Descriptor ours, theirs;
};

// What a launcher takes over, until it is told that this was all.
std::vector<KeptInstance> taken_from(int link) {
    std::vector<KeptInstance> all;
    for (;;) {
        auto message = receive_message(link);
        if (!message || message->operation == Operation::kept_all) return all;
        auto one = decode_kept(*std::move(message));
        if (!one) return {};
        all.push_back(*std::move(one));
    }
}

struct Running {
    Running() : pid(::fork()) {
        if (pid == 0) {
            for (;;)
                ::pause();
        }
        pidfd = Descriptor(pidfd_open(pid));
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
    ~Running() {
        (void)::kill(pid, SIGKILL);
        (void)::waitpid(pid, nullptr, 0);
    }
    bool has_ended(int patience) const {
        pollfd one{pidfd.get(), POLLIN, 0};
        return ::poll(&one, 1, patience) == 1;
    }
    pid_t pid;
    Descriptor pidfd;
};

}  // namespace

TEST_CASE("kept: what was kept is handed over, each descriptor with its instance, then the end",
          "[daemon][supervisor][launch]") {
    KeptInstances kept;
    const auto first = a_kept("aa");
    auto second = a_kept("bb");
    second.cgroup = Descriptor();
    REQUIRE(keep(kept, first));
    REQUIRE(keep(kept, second));
    const Link link;
    for (int launcher = 0; launcher < 2; ++launcher) {  // and to the next one as well
        REQUIRE(kept.hand_over(link.ours.get()));
        const auto taken = taken_from(link.theirs.get());
        REQUIRE(taken.size() == 2);
        CHECK(taken[0].facts.instance == "aa");
        CHECK(test::inode_of(taken[0].listener) == test::inode_of(first.listener));
        CHECK(test::inode_of(taken[0].facts.pidfd) == test::inode_of(first.facts.pidfd));
        CHECK(test::inode_of(taken[0].cgroup) == test::inode_of(first.cgroup));
        CHECK(test::inode_of(taken[1].output) == test::inode_of(second.output));
        CHECK_FALSE(taken[1].cgroup);
    }
}

TEST_CASE("kept: nothing kept is said at once", "[daemon][supervisor][launch]") {
    const KeptInstances kept;
    const Link link;
    REQUIRE(kept.hand_over(link.ours.get()));
    CHECK(receive_message(link.theirs.get())->operation == Operation::kept_all);
}

TEST_CASE("kept: an instance is kept once, as it was told last, until it is forgotten",
          "[daemon][supervisor][launch]") {
    KeptInstances kept;
    auto one = a_kept("aa");
    one.facts.running = false;
    REQUIRE(keep(kept, one));
    one.facts.running = true;
    REQUIRE(keep(kept, one));
    CHECK(kept.size() == 1);
    const Link link;
    REQUIRE(kept.hand_over(link.ours.get()));
    CHECK(taken_from(link.theirs.get()).at(0).facts.running);
    REQUIRE(kept.take(forget_message("bb")));
    CHECK(kept.size() == 1);
    REQUIRE(kept.take(forget_message("aa")));
    CHECK(kept.size() == 0);
}

TEST_CASE("kept: nothing else is understood", "[daemon][supervisor][launch]") {
    KeptInstances kept;
    for (const auto operation : {Operation::ready, Operation::kept_all, Operation::prepare_launch,
                                 Operation::attach, static_cast<Operation>(0)}) {
        auto message = encode_kept(a_kept("aa"));
        REQUIRE(message);
        message->operation = operation;
        CHECK(kept.take(*std::move(message)).error().code() == Code::invalid);
    }
    Message malformed;
    malformed.operation = Operation::keep_instance;
    CHECK_FALSE(kept.take(std::move(malformed)));
    Message nobody;
    nobody.operation = Operation::forget_instance;
    CHECK_FALSE(kept.take(std::move(nobody)));
    CHECK(kept.size() == 0);
}

TEST_CASE("kept: as many as may run reach a launcher that reads slowly, one more is refused",
          "[daemon][supervisor][launch]") {
    allow_many_descriptors();
    KeptInstances kept;
    for (std::size_t i = 0; i < max_instances; ++i)
        REQUIRE(keep(kept, a_kept(id_of(i))));
    CHECK_FALSE(keep(kept, a_kept(id_of(max_instances))));
    CHECK(kept.size() == max_instances);
    CHECK(keep(kept, a_kept(id_of(0))));  // one of them, told again

    const Link link;
    std::vector<KeptInstance> taken;
    std::thread slow([&] {
        // Begins when the sender has to wait.
        pollfd full{link.ours.get(), POLLOUT, 0};
        while (::poll(&full, 1, 0) == 1 && (full.revents & POLLHUP) == 0)
            std::this_thread::yield();
        taken = taken_from(link.theirs.get());
    });
    const auto handed = kept.hand_over(link.ours.get());
    if (!handed) (void)::shutdown(link.ours.get(), SHUT_RDWR);
    slow.join();
    INFO((handed ? "" : handed.error().text()));
    REQUIRE(handed);
    std::set<std::string> instances;
    for (const auto& one : taken)
        instances.insert(one.facts.instance);
    CHECK(instances.size() == max_instances);
}

TEST_CASE("kept: a launcher that does not read is given up", "[daemon][supervisor][launch]") {
    allow_many_descriptors();
    KeptInstances kept;
    for (std::size_t i = 0; i < max_instances; ++i) {
        auto one = a_kept(id_of(i));
        one.facts.log = std::string(4096, 'x');
        REQUIRE(keep(kept, one));
    }
    const Link link;
    CHECK(kept.hand_over(link.ours.get()).error().code() == Code::busy);
    CHECK(kept.size() == max_instances);
}

TEST_CASE("kept: with no launcher left every instance is killed, leader and group",
          "[daemon][supervisor][launch]") {
    const Running leader;
    const Running stranger;
    KeptInstances kept;
    auto one = a_kept("aa");
    one.facts.pidfd = Descriptor(::fcntl(leader.pidfd.get(), F_DUPFD_CLOEXEC, 0));
    // A folder with a file in place of a control group: what is asked of the kernel is seen.
    const test::Directory group;
    const std::string file = group.path("cgroup.kill");
    REQUIRE(Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)));
    one.cgroup = Descriptor(::open(group.path(".").c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REQUIRE(keep(kept, one));
    kept.kill_all();
    CHECK(leader.has_ended(30'000));
    CHECK_FALSE(stranger.has_ended(0));
    char asked = 0;
    const Descriptor seen(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
    REQUIRE(::read(seen.get(), &asked, 1) == 1);
    CHECK(asked == '1');
    CHECK(kept.size() == 0);
}
