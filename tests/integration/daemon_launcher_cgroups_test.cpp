// Cgroups: where they are, and what can be done to those in one.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "daemon/cgroups.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::cgroup_directory;
using daemon::Cgroups;
using test::Child;

namespace {

const std::string v2 =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n";
const std::string hybrid =
    "31 30 0:27 / /sys/fs/cgroup ro,nosuid shared:8 - tmpfs tmpfs ro,mode=755\n"
    "32 31 0:28 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw\n"
    "33 31 0:29 / /sys/fs/cgroup/memory rw,nosuid shared:10 - cgroup cgroup rw,memory\n";

std::string where(const std::string& mountinfo, const std::string& own_path) {
    const auto found = cgroup_directory(mountinfo, own_path);
    return found ? *found : found.error().reason();
}

std::string text_of(const std::string& path) {
    std::ifstream stream(path);
    return {std::istreambuf_iterator<char>(stream), {}};
}

std::string line_in(const Descriptor& group, const char* file) {
    const std::string path =
        "/proc/self/fd/" + std::to_string(group.get()) + "/" + std::string(file);
    return text_of(path);
}

// Who the test may have groups made by; removed when it goes.
struct Home {
    explicit Home(const tests::TemporaryDirectory& directory) : state(directory.path()) {}
    Home(const Home&) = delete;
    Home& operator=(const Home&) = delete;
    ~Home() { Cgroups::remove_home(state); }
    bool make() const { return Cgroups::make_home(state).has_value(); }
    Cgroups groups() const {
        auto opened = Cgroups::open(state);
        REQUIRE(opened);
        return *std::move(opened);
    }

    std::string state;
};

#define NEEDS_CGROUPS(home) \
    if (!(home).make()) HOLDFAST_SKIP("needs root and a cgroup2 file system of its own")

Child sleeping_in(const daemon::Cgroup& group) {
    auto child = Child::forked(
        [&] {
            const Descriptor members(
                ::openat(group.directory.get(), "cgroup.procs", O_WRONLY | O_CLOEXEC));
            if (::write(members.get(), "0", 1) != 1) ::_exit(9);
            test::child_tells();
            test::child_awaits();
        },
        ::getuid());
    child.await();
    return child;
}

bool has_ended(const Child& child) {
    pollfd ended{child.pidfd(), POLLIN, 0};
    return ::poll(&ended, 1, 30'000) == 1;
}

}  // namespace

TEST_CASE("cgroups: the place of this process's own group in the mounted tree",
          "[daemon][cgroups]") {
    CHECK(where(v2, "/") == "/sys/fs/cgroup");
    CHECK(where(v2, "/system.slice/holdfastd.service") ==
          "/sys/fs/cgroup/system.slice/holdfastd.service");
    CHECK(where(hybrid, "/a") == "/sys/fs/cgroup/unified/a");
}

TEST_CASE("cgroups: a tree of which only a part is mounted", "[daemon][cgroups]") {
    const std::string part = "30 23 0:26 /docker/ab /sys/fs/cgroup ro - cgroup2 cgroup rw\n";
    CHECK(where(part, "/docker/ab") == "/sys/fs/cgroup");
    CHECK(where(part, "/docker/ab/c") == "/sys/fs/cgroup/c");
    CHECK(where(part, "/docker/abc") == "cgroup_unavailable");
    CHECK(where(part, "/docker") == "cgroup_unavailable");
    CHECK(where(part, "/") == "cgroup_unavailable");
    // Another namespace's.
    CHECK(where("30 23 0:26 /../.. /sys/fs/cgroup ro - cgroup2 cgroup rw\n", "/") ==
          "cgroup_unavailable");
    // The second mount shows it.
    CHECK(where(part + "40 23 0:26 / /mnt/cgroup rw - cgroup2 cgroup rw\n", "/other") ==
          "/mnt/cgroup/other");
}

TEST_CASE("cgroups: no cgroup2 is said, and what only looks like one is none",
          "[daemon][cgroups]") {
    for (const char* text :
         {"", "\n", "nonsense", "30 23 0:26 / /sys/fs/cgroup rw - cgroup cgroup rw,memory\n",
          "30 23 0:26 / /sys/fs/cgroup rw - tmpfs cgroup2 rw\n",
          "30 23 0:26 / /mnt/cgroup2 rw - ext4 /dev/sda rw\n", "30 23 0:26 - cgroup2 cgroup rw\n"})
        CHECK(where(text, "/a") == "cgroup_unavailable");
}

TEST_CASE("cgroups: the unified path of /proc/PID/cgroup", "[daemon][cgroups]") {
    CHECK(*daemon::unified_path("0::/a/b\n") == "/a/b");
    CHECK(*daemon::unified_path("4:memory:/m\n1:name=systemd:/s\n0::/\n") == "/");
    CHECK_FALSE(daemon::unified_path("4:memory:/m\n"));
    CHECK_FALSE(daemon::unified_path(""));
    CHECK_FALSE(daemon::unified_path("10::/a\n"));
}

TEST_CASE("cgroups: a group is made, named as its members see it, and removed when empty",
          "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Home home(directory);
    NEEDS_CGROUPS(home);
    REQUIRE(home.make());  // again: it is there
    const auto groups = home.groups();
    CHECK(groups.instances().empty());
    auto group = groups.make("ab");
    REQUIRE(group);
    CHECK(groups.instances() == std::vector<std::string>{"ab"});
    CHECK_FALSE(groups.make("ab"));  // never the same one twice
    auto child = sleeping_in(*group);
    const std::string seen = text_of("/proc/" + std::to_string(child.pid()) + "/cgroup");
    CHECK(*daemon::unified_path(seen) == group->path);
    CHECK_FALSE(groups.remove("ab"));
    child.end();
    CHECK(groups.remove("ab"));
    CHECK(groups.remove("ab"));  // gone is gone
    CHECK(groups.instances().empty());
}

TEST_CASE("cgroups: two daemons of one host have two homes", "[daemon][cgroups]") {
    const tests::TemporaryDirectory one, two;
    const Home first(one), second(two);
    NEEDS_CGROUPS(first);
    REQUIRE(second.make());
    REQUIRE(first.groups().make("ab"));
    CHECK(second.groups().instances().empty());
}

TEST_CASE("cgroups: all in a group are killed at once, by whom it was made or not",
          "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Home home(directory);
    NEEDS_CGROUPS(home);
    const auto groups = home.groups();
    auto group = groups.make("ab");
    REQUIRE(group);
    auto other = groups.make("cd");
    REQUIRE(other);
    const auto first = sleeping_in(*group);
    const auto second = sleeping_in(*group);
    auto third = sleeping_in(*other);
    SECTION("through its descriptor") {
        REQUIRE(daemon::kill_cgroup(group->directory.get()));
    }
    SECTION("by its name") {
        groups.kill("ab");
    }
    CHECK(has_ended(first));
    CHECK(has_ended(second));
    third.tell();
    CHECK(has_ended(third));
    groups.kill("none");
}

TEST_CASE("cgroups: a frozen group does nothing until it is thawed, and dies if killed",
          "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Home home(directory);
    NEEDS_CGROUPS(home);
    auto group = home.groups().make("ab");
    REQUIRE(group);
    auto child = sleeping_in(*group);
    const Descriptor events(
        ::openat(group->directory.get(), "cgroup.events", O_RDONLY | O_CLOEXEC));
    const auto is_frozen = [&] {
        // Changes of the file are told by POLLPRI (cgroups(7)).
        std::string text = line_in(group->directory, "cgroup.events");
        pollfd changed{events.get(), POLLPRI, 0};
        while (text.find("frozen 1") == std::string::npos && ::poll(&changed, 1, 30'000) == 1)
            text = line_in(group->directory, "cgroup.events");
        return text.find("frozen 1") != std::string::npos;
    };
    REQUIRE(daemon::freeze_cgroup(group->directory.get(), true));
    REQUIRE(is_frozen());
    child.tell();
    pollfd ended{child.pidfd(), POLLIN, 0};
    CHECK(::poll(&ended, 1, 0) == 0);
    SECTION("thawed") {
        REQUIRE(daemon::freeze_cgroup(group->directory.get(), false));
    }
    SECTION("killed") {
        REQUIRE(daemon::kill_cgroup(group->directory.get()));
    }
    CHECK(has_ended(child));
}

TEST_CASE("cgroups: what is gone cannot be killed or frozen, and says so", "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Descriptor folder(::open(directory.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    CHECK(daemon::kill_cgroup(folder.get()).error().reason() == "cgroup_unavailable");
    CHECK(daemon::freeze_cgroup(folder.get(), true).error().reason() == "cgroup_unavailable");
    CHECK_FALSE(Cgroups::open(directory.path()));
}

TEST_CASE("cgroups: empty groups go with their home, and what lives keeps it",
          "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Home home(directory);
    NEEDS_CGROUPS(home);
    {
        REQUIRE(home.groups().make("ab"));
        auto group = home.groups().make("cd");
        REQUIRE(group);
        const auto child = sleeping_in(*group);
        Cgroups::remove_home(home.state);
        CHECK(home.groups().instances() == std::vector<std::string>{"cd"});
    }
    Cgroups::remove_home(home.state);
    CHECK_FALSE(Cgroups::open(home.state));
}

TEST_CASE("cgroups: a tmpfs in their place is refused", "[daemon][cgroups]") {
    const tests::TemporaryDirectory directory;
    const Home home(directory);
    NEEDS_CGROUPS(home);
    const std::string mounted =
        where(text_of("/proc/self/mountinfo"), *daemon::unified_path(text_of("/proc/self/cgroup")));
    auto child = Child::forked(
        [&] {
            if (::unshare(CLONE_NEWNS) != 0 ||
                ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
                ::mount("none", mounted.c_str(), "tmpfs", 0, nullptr) != 0)
                ::_exit(7);
            const bool refused = !Cgroups::make_home(home.state) && !Cgroups::open(home.state);
            ::_exit(refused && ::access((mounted + "/cgroup.procs").c_str(), F_OK) != 0 ? 0 : 8);
        },
        ::getuid());
    siginfo_t facts{};
    REQUIRE(::waitid(P_PIDFD, static_cast<id_t>(child.pidfd()), &facts, WEXITED | WNOWAIT) == 0);
    if (facts.si_status == 7) HOLDFAST_SKIP("needs a mount namespace of its own");
    CHECK(facts.si_status == 0);
}
