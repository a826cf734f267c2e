// Sandbox: what an agent may reach and call, tried from inside.
#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <fstream>

#include "core/encode/json.h"
#include "daemon/launcher/sandbox.h"
#include "tests/support/child.h"
#include "tests/support/confined.h"

using namespace holdfast;
using daemon::Sandbox;
using test::Confined;

namespace {

constexpr int fine = 0;

// A tree, a folder for data, a host file and something that is none of them.
struct Place {
    Place() {
        for (const char* folder : {"view", "data", "other"})
            REQUIRE(::mkdir(at(folder).c_str(), 0755) == 0);
        for (const char* file : {"view/code", "data/kept", "other/secret"})
            std::ofstream(at(file)) << "#!/bin/true\n";
        test::copy_program("/bin/true", at("view/program"));
        test::copy_program("/bin/true", at("other/program"));
        test::copy_program("/bin/true", at("data/program"));
        test::copy_program("/bin/true", at("host-file"));
        view = Descriptor(::open(at("view").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
        data = Descriptor(::open(at("data").c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    }
    std::string at(const std::string& name) const { return directory.path(name); }
    Sandbox sandbox(std::vector<std::string> host_files = {}) const {
        host_files.push_back(at("host-file"));
        auto made = Sandbox::prepare({view.get(), std::move(host_files), data.get()});
        REQUIRE(made);
        return *std::move(made);
    }
    // errno of what was tried inside, 0 where it worked.
    int tried(const std::function<bool()>& attempt) const {
        Confined confined(sandbox(), [&] { return attempt() ? fine : errno; });
        return confined.finish();
    }
    int opened(const std::string& path, int flags) const {
        return tried([&] { return ::open(path.c_str(), flags | O_CLOEXEC, 0600) >= 0; });
    }
    // What a child of the one inside gets for an exec of that file.
    int executed(const std::string& path, std::vector<std::string> host_files = {}) const {
        Confined confined(sandbox(std::move(host_files)), [&] {
            const pid_t child = ::fork();
            if (child == 0) {
                (void)::execl(path.c_str(), path.c_str(), nullptr);
                ::_exit(errno);
            }
            int status = 0;
            (void)::waitpid(child, &status, 0);
            return WEXITSTATUS(status);
        });
        auto gate = confined.gate(true);
        return confined.finish(gate);
    }

    test::Directory directory;
    Descriptor view, data;
};

#define NEEDS_LANDLOCK() \
    if (daemon::landlock_version() == 0) HOLDFAST_SKIP("needs Landlock in the kernel")

}  // namespace

TEST_CASE("sandbox: the version is the kernel's", "[daemon][launcher][sandbox]") {
    const long asked =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    CHECK(daemon::landlock_version() == std::max(asked, 0L));
}

TEST_CASE("sandbox: the tree is read and not written", "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    CHECK(place.opened(place.at("view/code"), O_RDONLY) == fine);
    CHECK(place.opened(place.at("view"), O_RDONLY | O_DIRECTORY) == fine);
    CHECK(place.opened(place.at("view/code"), O_WRONLY) == EACCES);
    CHECK(place.opened(place.at("view/new"), O_WRONLY | O_CREAT) == EACCES);
    CHECK(place.tried([&] { return ::unlink(place.at("view/code").c_str()) == 0; }) == EACCES);
    CHECK(place.tried([&] { return ::truncate(place.at("view/code").c_str(), 0) == 0; }) == EACCES);
}

TEST_CASE("sandbox: the agent's own folder takes everything", "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    CHECK(place.opened(place.at("data/kept"), O_RDWR | O_TRUNC) == fine);
    CHECK(place.opened(place.at("data/new"), O_WRONLY | O_CREAT) == fine);
    CHECK(place.tried([&] { return ::mkdir(place.at("data/folder").c_str(), 0700) == 0; }) == fine);
    CHECK(place.tried([&] {
        return ::rename(place.at("data/new").c_str(), place.at("data/folder/new").c_str()) == 0;
    }) == fine);
    CHECK(place.tried([&] { return ::unlink(place.at("data/kept").c_str()) == 0; }) == fine);
}

TEST_CASE("sandbox: nothing else is read, written or listed", "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    CHECK(place.opened(place.at("other/secret"), O_RDONLY) == EACCES);
    CHECK(place.opened(place.at("other/secret"), O_WRONLY) == EACCES);
    CHECK(place.opened(place.at("other/new"), O_WRONLY | O_CREAT) == EACCES);
    CHECK(place.opened(place.at("other"), O_RDONLY | O_DIRECTORY) == EACCES);
    CHECK(place.opened("/etc/shadow", O_RDONLY) == EACCES);
    CHECK(place.opened("/etc", O_RDONLY | O_DIRECTORY) == EACCES);
    CHECK(place.opened("/tmp/holdfast-new", O_WRONLY | O_CREAT) == EACCES);
    CHECK(place.opened(place.at("data/../other/secret"), O_RDONLY) == EACCES);
}

TEST_CASE("sandbox: a link in its own folder leads nowhere else", "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    REQUIRE(::symlink(place.at("other/secret").c_str(), place.at("data/link").c_str()) == 0);
    CHECK(place.opened(place.at("data/link"), O_RDONLY) == EACCES);
    CHECK(place.tried([&] {
        return ::link(place.at("other/secret").c_str(), place.at("data/hard").c_str()) == 0;
    }) != fine);
}

TEST_CASE("sandbox: what names, certificates and time need is readable, not writable",
          "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    for (const auto& path : daemon::host_data()) {
        if (::access(path.c_str(), F_OK) != 0) continue;
        INFO(path);
        CHECK(place.opened(path, O_RDONLY) == fine);
        CHECK(place.opened(path, O_WRONLY) != fine);
    }
    CHECK(place.opened("/dev/null", O_RDWR) == fine);
    CHECK(place.opened("/proc/self/status", O_RDONLY) == fine);
}

TEST_CASE("sandbox: a host file is read and executed, its neighbour is not",
          "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    CHECK(place.opened(place.at("host-file"), O_RDONLY) == fine);
    CHECK(place.opened(place.at("host-file"), O_WRONLY) == EACCES);
    // A manifest may name what this host has not: that is the plan's to refuse.
    (void)place.sandbox({place.at("none")});
}

TEST_CASE("sandbox: executable is the tree and the host files, never the data",
          "[daemon][launcher][sandbox]") {
    NEEDS_LANDLOCK();
    const Place place;
    // The loader and the C library are what a manifest lists as host files.
    std::vector<std::string> libraries;
    for (const char* path : {"/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1",
                             "/lib/x86_64-linux-gnu/libc.so.6", "/lib/aarch64-linux-gnu/libc.so.6"})
        libraries.emplace_back(path);
    CHECK(place.executed(place.at("view/program"), libraries) == fine);
    CHECK(place.executed(place.at("host-file"), libraries) == fine);
    CHECK(place.executed(place.at("data/program"), libraries) == EACCES);
    CHECK(place.executed(place.at("other/program"), libraries) == EACCES);
    CHECK(place.executed("/bin/true", libraries) == EACCES);
}

TEST_CASE("sandbox: each refused call is refused as the list says", "[daemon][launcher][sandbox]") {
    const Place place;
    const auto called = [&](long number, long first = 0, long second = 0) {
        return place.tried([&] { return ::syscall(number, first, second, 0, 0, 0, 0) >= 0; });
    };
    for (const long number : {SYS_add_key,
                              SYS_bpf,
                              SYS_chroot,
                              SYS_fsopen,
                              SYS_io_uring_setup,
                              SYS_kcmp,
                              SYS_keyctl,
                              SYS_mount,
                              SYS_mount_setattr,
                              SYS_move_mount,
                              SYS_name_to_handle_at,
                              SYS_open_by_handle_at,
                              SYS_open_tree,
                              SYS_perf_event_open,
                              SYS_pidfd_getfd,
                              SYS_pivot_root,
                              SYS_process_vm_readv,
                              SYS_process_vm_writev,
                              SYS_ptrace,
                              SYS_request_key,
                              SYS_setns,
                              SYS_umount2,
                              SYS_userfaultfd}) {
        INFO(number);
        CHECK(called(number) == EPERM);
    }
    CHECK(called(SYS_clone3) == ENOSYS);
    CHECK(called(SYS_unshare, CLONE_NEWUSER) == EPERM);
    CHECK(called(SYS_unshare, CLONE_NEWUSER | CLONE_NEWNS) == EPERM);
    CHECK(called(SYS_clone, CLONE_NEWUSER | SIGCHLD) == EPERM);
    CHECK(called(SYS_prctl, PR_SET_MM, PR_SET_MM_EXE_FILE) == EPERM);
    CHECK(called(SYS_prctl, PR_GET_DUMPABLE) == fine);
}

TEST_CASE("sandbox: threads and children are still possible", "[daemon][launcher][sandbox]") {
    const Place place;
    CHECK(place.tried([] {
        const pid_t child = ::fork();
        if (child == 0) ::_exit(0);
        int status = 1;
        return ::waitpid(child, &status, 0) == child && status == 0;
    }) == fine);
}

TEST_CASE("sandbox: without a holder of the gate nothing is executed",
          "[daemon][launcher][sandbox]") {
    const Place place;
    Confined confined(place.sandbox(), [&] {
        (void)::execl(place.at("view/program").c_str(), "program", nullptr);
        return errno;
    });
    {
        const auto closed = confined.gate();
    }
    daemon::Gate nobody(Descriptor(), confined.pid(), false);
    CHECK(confined.finish(nobody) == ENOSYS);
}

TEST_CASE("sandbox: it is entered for good, and by who gave up new privileges only",
          "[daemon][launcher][sandbox]") {
    const Place place;
    // A second listener could allow what the first one refuses.
    const auto sandbox = place.sandbox();
    Confined confined(sandbox, [&] { return sandbox.enter() ? 1 : fine; });
    CHECK(confined.finish() == fine);
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to be another user");
    const pid_t child = ::fork();
    if (child == 0) {
        if (::setresuid(20001, 20001, 20001) != 0) ::_exit(2);
        ::_exit(sandbox.enter() ? 1 : 0);
    }
    int status = 1;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
}

TEST_CASE("sandbox: its text says what it does, the same for the same",
          "[daemon][launcher][sandbox]") {
    const Place place;
    const auto sandbox = place.sandbox({"/lib/x.so"});
    const auto json = encode::parse_json(sandbox.text(), 1 << 20);
    REQUIRE(json);
    CHECK(encode::canonical(*json) == sandbox.text());
    CHECK(json->find("landlock")->integer() != nullptr);
    CHECK(*json->find("landlock")->integer() == daemon::landlock_version());
    CHECK(sandbox.has_landlock() == (daemon::landlock_version() > 0));
    CHECK(*json->find("exec")->string() == "leader once");
    CHECK(encode::canonical(*json->find("host_files")) ==
          "[\"/lib/x.so\",\"" + place.at("host-file") + "\"]");
    const auto& data = *json->find("host_data")->array();
    CHECK(data.size() == daemon::host_data().size());
    const auto& calls = *json->find("refused_calls")->array();
    for (const char* call : {"ptrace", "clone3", "setns", "bpf", "pidfd_getfd", "io_uring_setup"})
        CHECK(std::find(calls.begin(), calls.end(), encode::Json(call)) != calls.end());
    CHECK(place.sandbox({"/lib/x.so"}).text() == sandbox.text());
    CHECK(place.sandbox({"/lib/y.so"}).text() != sandbox.text());
}
