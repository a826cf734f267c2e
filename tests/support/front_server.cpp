#include "tests/support/front_server.h"

#include <boost/asio/post.hpp>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cstring>
#include <future>
#include <stdexcept>

#include "core/crypto/digest.h"
#include "daemon/front/listener.h"

namespace holdfast::test {
namespace {

using daemon::Allowed;
using daemon::Route;

constexpr std::array<Route, 5> table = {{
    {"GET", "/v1/whoami", Allowed::agent, 0, true, nullptr},
    {"POST", "/v1/actions", Allowed::agent, 64UL * 1024, true, nullptr},
    {"POST", "/v1/echo", Allowed::agent, 64UL * 1024, false, nullptr},
    {"GET", "/v1/status", Allowed::admin, 0, false, nullptr},
    {"POST", "/v1/agents/{name}/suspend", Allowed::admin, 4096, false, nullptr},
}};

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

Descriptor listening_on(const std::string& path) {
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(socket.get(), 64) != 0)
        throw std::runtime_error("listen on " + path);
    return socket;
}

policy::AgentFile own_agent() {
    policy::AgentFile agent;
    agent.name = "bot";
    agent.uid = ::getuid();
    const Descriptor self(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const auto digest = crypto::sha256_of_file(self.get());
    if (!digest) throw std::runtime_error(digest.error().text());
    agent.executable = *digest;
    return agent;
}

void require(const Done& result) {
    if (!result) throw std::runtime_error(result.error().text());
}

}  // namespace

daemon::Async<attest::ProcessView> OwnMeasurer::measure(pid_t pid, int pidfd, uid_t uid) {
    ++measured;
    const attest::MeasureRules rules{.uid = uid, .allow_writable_executables = true};
    co_return attest::measure_process(pid, pidfd, rules);
}

FrontServer::FrontServer(Handle handle, const ServerOptions& options)
    : agents{{"bot", own_agent()}},
      instances(measurer, agents, launched, [](const auto&, const auto&) {}),
      admission(options.connections, options.connections_per_uid),
      front{.instances = instances,
            .containment = containment,
            .admission = admission,
            .routes = table,
            .handle = [handle = std::move(handle)](
                          const Route&, const daemon::Call& call) { return handle(call); },
            .refused = [this](const daemon::Refusal& refusal) -> daemon::Async<std::monostate> {
                refusals.push_back(refusal);
                co_return done();
            },
            .withheld = [this](std::uint64_t sequence,
                               std::string reason) -> daemon::Async<std::uint64_t> {
                withheld.emplace_back(sequence, std::move(reason));
                co_return sequence + 1;
            },
            .descriptor_ceiling = options.descriptor_ceiling,
            .limits = options.limits} {
    containment.set("bot", daemon::AgentState::active);
    auto admin = listening_on(admin_socket());
    auto agent = listening_on(agent_socket());
    require(daemon::listen_on(io_.get_executor(), front, std::move(admin), daemon::Side::admin));
    require(daemon::listen_on(io_.get_executor(), front, std::move(agent), daemon::Side::agent));
    thread_ = std::thread([this] { io_.run(); });
}

FrontServer::~FrontServer() {
    stop();
}

void FrontServer::on_loop(const std::function<void()>& work) {
    std::promise<void> finished;
    boost::asio::post(io_, [&] {
        work();
        finished.set_value();
    });
    finished.get_future().get();
}

void FrontServer::stop() {
    io_.stop();
    if (thread_.joinable()) thread_.join();
}

Client::Client(const std::string& socket)
    : socket_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const auto address = address_of(socket);
    // Far beyond any limit under test: a hang becomes a failure.
    const timeval patience{.tv_sec = 20, .tv_usec = 0};
    (void)::setsockopt(socket_.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    if (::connect(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
        throw std::runtime_error("connect to " + socket);
}

bool Client::send(const std::string& bytes) {
    return ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
}

std::string Client::read_all() {
    std::array<char, 65536> chunk;
    ssize_t got = 0;
    while ((got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0)) > 0)
        unread_.append(chunk.data(), static_cast<std::size_t>(got));
    return std::exchange(unread_, {});
}

std::string Client::read_reply() {
    std::array<char, 4096> chunk;
    while (true) {
        const auto end = unread_.find("\r\n\r\n");
        if (end != std::string::npos) {
            const auto at = unread_.find("Content-Length: ");
            const auto body = at < end ? std::stoul(unread_.substr(at + 16)) : 0;
            const auto size = end + 4 + body;
            if (unread_.size() >= size) {
                const auto reply = unread_.substr(0, size);
                unread_.erase(0, size);
                return reply;
            }
        }
        const auto got = ::recv(socket_.get(), chunk.data(), chunk.size(), 0);
        if (got <= 0) return std::exchange(unread_, {});
        unread_.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

bool Client::is_closed() {
    char byte = 0;
    return unread_.empty() && ::recv(socket_.get(), &byte, 1, 0) == 0;
}

std::string post(const std::string& path, const std::string& body, const std::string& type) {
    return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Type: " + type +
           "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

daemon::Async<daemon::Answer> tell(const daemon::Call& call) {
    daemon::Answer answer;
    answer.body = "{" + call.principal + "|" + (call.instance ? call.instance->agent : "-") + "|" +
                  call.argument + "|" + call.body + "}";
    co_return answer;
}

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

int status_of(const std::string& reply) {
    return reply.starts_with("HTTP/1.1 ") ? std::stoi(reply.substr(9, 3)) : 0;
}

}  // namespace holdfast::test
