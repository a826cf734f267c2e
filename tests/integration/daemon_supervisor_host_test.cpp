// The supervisor and its host: the state directory, the sockets, users and capabilities.
#include <sys/stat.h>

#include <fstream>
#include <utility>

#include "daemon/supervisor_sockets.h"
#include "tests/support/supervised_daemon.h"

using holdfast::Descriptor;
using holdfast::daemon::open_listeners;
using holdfast::daemon::Settings;
using namespace holdfast::tests;

namespace {

// Whom the kernel names for the next byte; 0 = nobody.
pid_t sender_of_next(int socket) {
    char byte = 0;
    iovec where{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred))> control{};
    msghdr message{};
    message.msg_iov = &where;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    wait_for(socket);
    REQUIRE(::recvmsg(socket, &message, 0) == 1);
    const cmsghdr* header = CMSG_FIRSTHDR(&message);
    if (header == nullptr || header->cmsg_type != SCM_CREDENTIALS) return 0;
    ucred sender{};
    std::memcpy(&sender, CMSG_DATA(header), sizeof sender);
    return sender.pid;
}

}  // namespace

TEST_CASE("supervisor: two daemons cannot share a state directory", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    (void)daemon.ready();
    const pid_t second = ::fork();
    if (second == 0) {
        const std::string program = daemon.folder.file("bin/holdfastd");
        (void)::execl(program.c_str(), program.c_str(), "--dev", daemon.folder.path().c_str(),
                      nullptr);
        ::_exit(127);
    }
    int status = 0;
    REQUIRE(::waitpid(second, &status, 0) == second);
    CHECK(WEXITSTATUS(status) == 1);
    // The first one still serves.
    daemon.tell('k');
    CHECK(daemon.report().name == "keys-tpm");
}

TEST_CASE("supervisor: a stale socket is replaced, anything else in its place is left alone",
          "[daemon][supervisor]") {
    Daemon stale;
    {
        const Descriptor old(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = address_of(stale.folder.file("agent.sock"));
        REQUIRE(::bind(old.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
    }
    stale.start_dev();
    (void)stale.ready();

    Daemon in_use;
    const Descriptor listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(in_use.folder.file("agent.sock"));
    REQUIRE(::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
            0);
    REQUIRE(::listen(listener.get(), 1) == 0);
    in_use.start_dev();
    CHECK(in_use.exit_status() == 1);
    CHECK(fs::exists(in_use.folder.file("agent.sock")));

    Daemon file;
    std::ofstream(file.folder.file("admin.sock")) << "precious";
    file.start_dev();
    CHECK(file.exit_status() == 1);
    CHECK(fs::file_size(file.folder.file("admin.sock")) == 8);
}

TEST_CASE("supervisor: sockets and keys have their modes", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    (void)daemon.ready();
    CHECK(fs::status(daemon.folder.file("agent.sock")).permissions() == fs::perms(0666));
    CHECK(fs::status(daemon.folder.file("admin.sock")).permissions() == fs::perms(0660));
    CHECK(fs::status(daemon.folder.file("state/keys")).permissions() == fs::perms(0700));
}

TEST_CASE("supervisor: the sockets name the sender of every chunk, not only who connected",
          "[daemon][supervisor]") {
    TemporaryDirectory folder;
    Settings settings;
    settings.dev = true;
    settings.agent_socket = folder.file("agent.sock");
    settings.admin_socket = folder.file("admin.sock");
    const auto listeners = open_listeners(settings);
    REQUIRE(listeners);
    for (const auto& [path, listener] :
         {std::pair(settings.agent_socket, listeners->agent.get()),
          std::pair(settings.admin_socket, listeners->admin.get())}) {
        const Descriptor client(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = address_of(path);
        REQUIRE(::connect(client.get(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) == 0);
        wait_for(listener);
        const Descriptor accepted(::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC));
        REQUIRE(accepted);
        REQUIRE(::send(client.get(), "a", 1, 0) == 1);
        CHECK(sender_of_next(accepted.get()) == ::getpid());

        // Somebody else, over the same connection.
        const pid_t other = ::fork();
        if (other == 0) ::_exit(::send(client.get(), "b", 1, 0) == 1 ? 0 : 1);
        int status = 0;
        REQUIRE(::waitpid(other, &status, 0) == other);
        REQUIRE(status == 0);
        CHECK(sender_of_next(accepted.get()) == other);
    }
}

TEST_CASE("supervisor: as root each child is another user, only the measurer has capabilities",
          "[daemon][supervisor]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root");
    Daemon daemon;
    const std::string config = daemon.folder.file("holdfastd.conf");
    std::ofstream(config) << "[host]\nname = test\n[paths]\nstate = " << daemon.folder.file("state")
                          << "\nlibexec = " << daemon.folder.file("bin")
                          << "\n[listen]\nagent_socket = " << daemon.folder.file("agent.sock")
                          << "\nadmin_socket = " << daemon.folder.file("admin.sock")
                          << "\nadmin_group = adm\n[tpm]\ntcti = device:/dev/tpmrm0\n"
                          << "[users]\nfront = daemon\nkeys = bin\nmeasurer = games\n";
    fs::permissions(config, fs::perms(0600));
    daemon.start({"--config", config});
    const auto children = daemon.ready();
    CHECK(children.at("front").field("uid") == "1");
    CHECK(children.at("keys-tpm").field("uid") == "2");
    CHECK(children.at("measurer").field("uid") == "5");
    CHECK(children.at("front").field("caps") == "0000000000000000");
    CHECK(children.at("keys-tpm").field("caps") == "0000000000000000");
    // CAP_DAC_READ_SEARCH 2, CAP_SYS_PTRACE 19, CAP_CHECKPOINT_RESTORE 40
    CHECK(children.at("measurer").field("caps") == "0000010000080004");

    struct stat facts{};
    REQUIRE(::stat(daemon.folder.file("state").c_str(), &facts) == 0);
    CHECK(facts.st_uid == 0);
    CHECK((facts.st_mode & 07777U) == 01771U);
    REQUIRE(::stat(daemon.folder.file("state/keys").c_str(), &facts) == 0);
    CHECK(facts.st_uid == 2);
    CHECK((facts.st_mode & 07777U) == 0700U);

    const auto pidfds = pidfds_of(children);
    daemon.signal(SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}

TEST_CASE("supervisor: keys of somebody else are not taken over", "[daemon][supervisor]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root");
    Daemon daemon;
    fs::create_directories(daemon.folder.file("state/keys"));
    REQUIRE(::chmod(daemon.folder.file("state/keys").c_str(), 0700) == 0);
    REQUIRE(::chown(daemon.folder.file("state/keys").c_str(), 1, 1) == 0);
    daemon.start_dev();
    CHECK(daemon.exit_status() == 1);
}

TEST_CASE("supervisor: keys open to others are not taken over", "[daemon][supervisor]") {
    Daemon daemon;
    fs::create_directories(daemon.folder.file("state/keys"));
    REQUIRE(::chmod(daemon.folder.file("state/keys").c_str(), 0750) == 0);
    daemon.start_dev();
    CHECK(daemon.exit_status() == 1);
}
