// Stands for holdfast-front, -keys-tpm, -keys-pkcs11 and -measurer in the supervisor's test:
// reports what it was given over the agents' socket, and does what it is told, one letter at a
// time.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "daemon/link/codec.h"
#include "daemon/link/messages.h"
#include "daemon/process.h"

using holdfast::Descriptor;
using namespace holdfast::daemon;

namespace {

std::string field_of_status(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(name + ":")) return line.substr(name.size() + 2);
    }
    return "";
}

// Which descriptors are open, how many variables there are, who we are, what we may.
std::string facts() {
    std::ostringstream out;
    out << ::getpid() << " uid=" << ::getuid() << " gid=" << ::getgid()
        << " caps=" << field_of_status("CapEff") << " nnp=" << field_of_status("NoNewPrivs")
        << " fds=";
    for (int number = 0; number < 1024; ++number) {
        if (::fcntl(number, F_GETFD) != -1) out << number << ",";
    }
    // The PIN file is the only one at that place in a worker.
    struct stat pin{};
    out << " pin=" << (::fstat(pin_descriptor, &pin) == 0 && S_ISREG(pin.st_mode) ? pin.st_ino : 0);
    out << " environment=";
    for (char** variable = environ; *variable != nullptr; ++variable)
        out << std::string(*variable).substr(0, std::string(*variable).find('=')) << ",";
    return out.str();
}

int worker() {
    Message hello;
    const std::string text = facts();
    hello.payload = holdfast::bytes_of(holdfast::view_of(text));
    (void)send_message(front_link, hello);
    pollfd end{supervisor_link, POLLIN, 0};
    (void)::poll(&end, 1, -1);
    return 0;
}

class Front {
  public:
    int run() {
        say("front " + facts());
        tell_supervisor(Operation::ready, {});
        for (;;) {
            std::vector<pollfd> watched{{supervisor_link, POLLIN, 0},
                                        {agent_listener, POLLIN, 0},
                                        {client_.get(), POLLIN, 0}};
            (void)::poll(watched.data(), watched.size(), -1);
            if (watched[0].revents != 0 && !take_worker()) return 0;
            if (watched[1].revents != 0) welcome();
            if (watched[2].revents != 0 && !obey()) return 3;
        }
    }

  private:
    bool take_worker() {
        auto message = receive_message(supervisor_link);
        if (!message) return false;
        const auto worker = decode_worker(message->payload);
        links_[worker->kind] = std::move(message->descriptors.front());
        generations_[worker->kind] = worker->generation;
        pollfd link{links_[worker->kind].get(), POLLIN, 0};
        (void)::poll(&link, 1, -1);
        const auto hello = receive_message(link.fd);
        if (!hello) return true;
        say(std::string(name_of(worker->kind)) + " " +
            std::string(holdfast::text_of(hello->payload)));
        return true;
    }

    void welcome() {
        client_ = Descriptor(::accept4(agent_listener, nullptr, nullptr, SOCK_CLOEXEC));
        for (const auto& line : said_)
            send_line(line);
    }

    // false: end now.
    bool obey() {
        char letter = 0;
        if (::recv(client_.get(), &letter, 1, 0) <= 0) {
            const Descriptor closed = std::move(client_);
            return true;
        }
        if (letter == 'k') report(generations_[WorkerKind::keys]);
        if (letter == 'p') report(generations_[WorkerKind::keys_pkcs11], WorkerKind::keys_pkcs11);
        if (letter == 'o') report(generations_[WorkerKind::keys] - 1);
        if (letter == 'j') (void)::send(supervisor_link, "junk", 4, 0);
        return letter != 'x';
    }

    static void report(std::uint64_t generation, WorkerKind kind = WorkerKind::keys) {
        tell_supervisor(Operation::missed_deadline, encode(WorkerId{kind, generation}));
    }
    static void tell_supervisor(Operation operation, holdfast::Bytes payload) {
        Message message;
        message.operation = operation;
        message.payload = std::move(payload);
        (void)send_message(supervisor_link, message);
    }

    void say(const std::string& line) {
        said_.push_back(line + "\n");
        send_line(said_.back());
    }
    void send_line(const std::string& line) const {
        if (client_) (void)::send(client_.get(), line.data(), line.size(), MSG_NOSIGNAL);
    }

    std::map<WorkerKind, Descriptor> links_;
    std::map<WorkerKind, std::uint64_t> generations_;
    std::vector<std::string> said_;
    Descriptor client_;
};

}  // namespace

int main(int, char** arguments) {
    const std::string path = arguments[0];
    const std::string name = path.substr(path.rfind('/') + 1);
    if (!begin_process(name.c_str()) || !inherited_settings()) return 1;
    return name == "holdfast-front" ? Front().run() : worker();
}
