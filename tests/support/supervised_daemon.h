// Daemon: the real holdfastd, with children that report what they were given.
#ifndef HOLDFAST_TESTS_SUPPORT_SUPERVISED_DAEMON_H
#define HOLDFAST_TESTS_SUPPORT_SUPERVISED_DAEMON_H

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/pidfd.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

namespace fs = std::filesystem;
using daemon::pidfd_open;

inline constexpr int patience_ms = 30'000;  // only ever waited out by a test that fails

inline sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(&address.sun_path, path.data(), path.size());
    return address;
}

inline void wait_for(int descriptor) {
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

// The folder of programs: holdfastd as built, and the same stand-in under all their names.
class Daemon {
  public:
    explicit Daemon(const std::string& stand_in = SUPERVISED_CHILD) {
        fs::permissions(folder.path(), fs::perms(0755));
        fs::create_directory(folder.file("bin"));
        fs::copy_file(HOLDFASTD, folder.file("bin/holdfastd"));
        for (const char* name :
             {"holdfast-front", "holdfast-keys-tpm", "holdfast-keys-pkcs11", "holdfast-measurer"})
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
    std::map<std::string, Report> ready(std::size_t children = 3) {
        REQUIRE(notified().starts_with("READY=1\n"));
        connect();
        return reports(children);
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

inline std::vector<Descriptor> pidfds_of(const std::map<std::string, Report>& reports) {
    std::vector<Descriptor> pidfds;
    for (const auto& [name, report] : reports) {
        pidfds.emplace_back(pidfd_open(report.pid));
        REQUIRE(pidfds.back());
    }
    return pidfds;
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SUPERVISED_DAEMON_H
