// The real holdfastd, with children that report what they were given.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/pidfd.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using holdfast::Descriptor;
using holdfast::daemon::pidfd_open;
using holdfast::tests::TemporaryDirectory;
namespace fs = std::filesystem;

namespace {

constexpr int patience_ms = 30'000;  // only ever waited out by a test that fails

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path, path.data(), path.size());
    return address;
}

void wait_for(int descriptor) {
    pollfd one{descriptor, POLLIN, 0};
    REQUIRE(::poll(&one, 1, patience_ms) == 1);
}

// What a child reported: "name pid uid=… gid=… …".
struct Report {
    std::string name, text;
    pid_t pid = 0;
    std::string field(const std::string& key) const {
        const auto at = text.find(" " + key + "=");
        if (at == std::string::npos) return "absent";
        const auto from = at + key.size() + 2;
        return text.substr(from, text.find(' ', from) - from);
    }
};

// The folder of programs: holdfastd as built, and the same stand-in under three names.
class Daemon {
  public:
    explicit Daemon(const std::string& stand_in = SUPERVISED_CHILD) {
        fs::permissions(folder.path(), fs::perms(0755));
        fs::create_directory(folder.file("bin"));
        fs::copy_file(HOLDFASTD, folder.file("bin/holdfastd"));
        for (const char* name : {"holdfast-front", "holdfast-keys-tpm", "holdfast-measurer"})
            fs::copy_file(stand_in, folder.file(std::string("bin/") + name));
    }
    Daemon(const Daemon&) = delete;
    Daemon& operator=(const Daemon&) = delete;
    ~Daemon() {
        if (pid_ <= 0) return;
        (void)::kill(pid_, SIGKILL);
        (void)::waitpid(pid_, nullptr, 0);
    }

    void start(std::vector<std::string> arguments) {
        arguments.insert(arguments.begin(), folder.file("bin/holdfastd"));
        open_notify_socket();
        const std::string notify = "NOTIFY_SOCKET=" + folder.file("notify");
        pid_ = ::fork();
        REQUIRE(pid_ >= 0);
        if (pid_ == 0) run(arguments, notify);
        pidfd_ = Descriptor(pidfd_open(pid_));
    }
    void start_dev() { start({"--dev", folder.path()}); }

    void connect() {
        agent_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto address = address_of(folder.file("agent.sock"));
        REQUIRE(::connect(agent_.get(), reinterpret_cast<const sockaddr*>(&address),
                          sizeof address) == 0);
        unread_.clear();
    }
    void tell(char letter) const { REQUIRE(::send(agent_.get(), &letter, 1, 0) == 1); }
    Report report() {
        while (unread_.find('\n') == std::string::npos) {
            std::array<char, 4096> piece{};
            wait_for(agent_.get());
            const auto size = ::recv(agent_.get(), piece.data(), piece.size(), 0);
            REQUIRE(size > 0);
            unread_.append(piece.data(), static_cast<std::size_t>(size));
        }
        const auto end = unread_.find('\n');
        std::istringstream line(unread_.substr(0, end));
        unread_.erase(0, end + 1);
        Report report;
        report.text = line.str();
        line >> report.name >> report.pid;
        return report;
    }
    std::map<std::string, Report> reports(std::size_t count) {
        std::map<std::string, Report> all;
        while (all.size() < count) {
            auto one = report();
            all[one.name] = one;
        }
        return all;
    }
    std::string notified() const {
        wait_for(notify_.get());
        std::array<char, 256> text{};
        const auto size = ::recv(notify_.get(), text.data(), text.size(), 0);
        return {text.data(), static_cast<std::size_t>(size)};
    }
    std::map<std::string, Report> ready() {
        REQUIRE(notified().starts_with("READY=1\n"));
        connect();
        return reports(3);
    }
    void signal(int number) const { REQUIRE(::kill(pid_, number) == 0); }
    int exit_status() {
        wait_for(pidfd_.get());
        int status = 0;
        REQUIRE(::waitpid(pid_, &status, 0) == pid_);
        pid_ = 0;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }
    pid_t pid() const { return pid_; }

    TemporaryDirectory folder;

  private:
    void open_notify_socket() {
        notify_ = Descriptor(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
        const auto address = address_of(folder.file("notify"));
        (void)::unlink(folder.file("notify").c_str());
        REQUIRE(::bind(notify_.get(), reinterpret_cast<const sockaddr*>(&address),
                       sizeof address) == 0);
    }
    [[noreturn]] static void run(std::vector<std::string>& arguments, std::string notify) {
        std::vector<char*> words;
        for (auto& argument : arguments)
            words.push_back(argument.data());
        words.push_back(nullptr);
        std::string secret = "SECRET_OF_THE_CALLER=1";
        std::array<char*, 3> environment{notify.data(), secret.data(), nullptr};
        // Left open on purpose: children must not inherit it.
        (void)::dup2(STDERR_FILENO, 20);
        (void)::execve(words[0], words.data(), environment.data());
        ::_exit(127);
    }

    pid_t pid_ = 0;
    Descriptor pidfd_, notify_, agent_;
    std::string unread_;
};

std::vector<Descriptor> pidfds_of(const std::map<std::string, Report>& reports) {
    std::vector<Descriptor> pidfds;
    for (const auto& [name, report] : reports) {
        pidfds.emplace_back(pidfd_open(report.pid));
        REQUIRE(pidfds.back());
    }
    return pidfds;
}

}  // namespace

TEST_CASE("supervisor: children get their descriptors and nothing else", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto children = daemon.ready();
    CHECK(children.at("front").field("fds") == "0,1,2,3,4,6,7,");
    for (const char* name : {"keys-tpm", "measurer"})
        CHECK(children.at(name).field("fds") == "0,1,2,3,4,5,");
    for (const auto& [name, child] : children) {
        CHECK(child.field("environment") == "PATH,LC_ALL,TSS2_LOG,");
        CHECK(child.field("nnp") == "1");
    }
}

TEST_CASE("supervisor: killed, it takes every child along", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto pidfds = pidfds_of(daemon.ready());
    daemon.signal(SIGKILL);
    CHECK(daemon.exit_status() == -SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}

TEST_CASE("supervisor: killed while its children are stopped, none is left",
          "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto children = daemon.ready();
    const auto pidfds = pidfds_of(children);
    for (const auto& [name, child] : children)
        REQUIRE(::kill(child.pid, SIGSTOP) == 0);
    daemon.signal(SIGKILL);
    for (const auto& pidfd : pidfds)
        wait_for(pidfd.get());
}

TEST_CASE("supervisor: asked to end, it ends in order and removes its sockets",
          "[daemon][supervisor]") {
    for (const int asked : {SIGTERM, SIGINT}) {
        Daemon daemon;
        daemon.start_dev();
        const auto pidfds = pidfds_of(daemon.ready());
        daemon.signal(asked);
        CHECK(daemon.notified() == "STOPPING=1\n");
        CHECK(daemon.exit_status() == 0);
        for (const auto& pidfd : pidfds)
            wait_for(pidfd.get());
        CHECK_FALSE(fs::exists(daemon.folder.file("agent.sock")));
        CHECK_FALSE(fs::exists(daemon.folder.file("admin.sock")));
    }
}

TEST_CASE("supervisor: a killed worker is replaced, the others stay", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    for (const char* name : {"keys-tpm", "measurer"}) {
        REQUIRE(::kill(before.at(name).pid, SIGKILL) == 0);
        const auto after = daemon.report();
        CHECK(after.name == name);
        CHECK(after.pid != before.at(name).pid);
    }
    CHECK(::kill(before.at("front").pid, 0) == 0);
}

TEST_CASE("supervisor: a worker the front reports is killed and replaced", "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    REQUIRE(::kill(before.at("keys-tpm").pid, SIGSTOP) == 0);
    const Descriptor stopped(pidfd_open(before.at("keys-tpm").pid));
    daemon.tell('k');
    const auto after = daemon.report();
    CHECK(after.name == "keys-tpm");
    CHECK(after.pid != before.at("keys-tpm").pid);
    wait_for(stopped.get());
}

TEST_CASE("supervisor: a report about a worker replaced meanwhile harms nobody",
          "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    const auto before = daemon.ready();
    daemon.tell('o');
    // Told in order, so the first report has been dealt with when the second one has.
    daemon.tell('k');
    const auto after = daemon.report();
    CHECK(after.name == "keys-tpm");
    REQUIRE(::kill(after.pid, SIGKILL) == 0);
    CHECK(daemon.report().name == "keys-tpm");
}

TEST_CASE("supervisor: a front that ends or talks nonsense is replaced with its workers",
          "[daemon][supervisor]") {
    for (const char letter : {'x', 'j'}) {
        Daemon daemon;
        daemon.start_dev();
        const auto before = daemon.ready();
        const auto pidfds = pidfds_of(before);
        daemon.tell(letter);
        const auto after = daemon.ready();
        for (const auto& [name, child] : after)
            CHECK(child.pid != before.at(name).pid);
        for (const auto& pidfd : pidfds)
            wait_for(pidfd.get());
    }
}

TEST_CASE("supervisor: a front that never gets ready ends the daemon", "[daemon][supervisor]") {
    Daemon daemon("/bin/false");
    daemon.start_dev();
    CHECK(daemon.exit_status() == 1);
}

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

TEST_CASE("supervisor: sockets have their modes, and name the sender of every chunk",
          "[daemon][supervisor]") {
    Daemon daemon;
    daemon.start_dev();
    (void)daemon.ready();
    CHECK(fs::status(daemon.folder.file("agent.sock")).permissions() == fs::perms(0666));
    CHECK(fs::status(daemon.folder.file("admin.sock")).permissions() == fs::perms(0660));
    CHECK(fs::status(daemon.folder.file("state/keys")).permissions() == fs::perms(0700));
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
