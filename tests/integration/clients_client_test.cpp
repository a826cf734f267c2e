#include "holdfast/client.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <utility>

#include "holdfast/descriptor.h"
#include "tests/support/catch.h"

using holdfast::Client;
using holdfast::Code;
using holdfast::Descriptor;

namespace {

// A listener that treats one connection as it is told, in its own temporary directory.
class OneShotServer {
  public:
    explicit OneShotServer(std::function<void(int)> serve) {
        std::array<char, 32> name = {"/tmp/holdfast-client-XXXXXX"};
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        directory_ = name.data();
        ::sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        std::memcpy(address.sun_path, path().data(), path().size());
        listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
        REQUIRE(::bind(listener_.get(), generic, sizeof(address)) == 0);
        REQUIRE(::listen(listener_.get(), 1) == 0);
        thread_ = std::thread([this, serve = std::move(serve)] {
            const Descriptor accepted(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
            if (accepted) serve(accepted.get());
        });
    }
    OneShotServer(const OneShotServer&) = delete;
    OneShotServer& operator=(const OneShotServer&) = delete;
    ~OneShotServer() {
        ::shutdown(listener_.get(), SHUT_RDWR);
        thread_.join();
        std::filesystem::remove_all(directory_);
    }
    std::string path() const { return directory_ + "/sock"; }

  private:
    std::string directory_;
    Descriptor listener_;
    std::thread thread_;
};

// Until the client has sent this much or is gone.
std::string read_until(int socket, const std::string& end) {
    std::string text;
    char letter = 0;
    while (!text.ends_with(end) && ::recv(socket, &letter, 1, 0) == 1)
        text.push_back(letter);
    return text;
}

void answer(int socket, const std::string& text) {
    (void)::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
}

}  // namespace

TEST_CASE("client: a post carries exactly its body and returns the answer", "[clients]") {
    std::string request;
    {
        const OneShotServer server([&request](int socket) {
            request = read_until(socket, "{\"a\":1}");
            answer(socket, "HTTP/1.1 201 Created\r\nContent-Length: 2\r\n\r\n{}");
        });
        const auto reply = Client(server.path()).post("/v1/actions", "{\"a\":1}");
        REQUIRE(reply);
        CHECK(reply->status == 201);
        CHECK(reply->body == "{}");
    }
    CHECK(request.starts_with("POST /v1/actions HTTP/1.1\r\n"));
    CHECK(request.find("\r\nContent-Length: 7\r\n") != std::string::npos);
    CHECK(request.find("\r\nConnection: close\r\n") != std::string::npos);
}

TEST_CASE("client: a target cannot smuggle in a second request line", "[clients]") {
    const auto reply = Client("/nowhere").get("/v1/agents/x HTTP/1.1\r\nX: y");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == Code::invalid);
}

TEST_CASE("client: without a daemon the error says so, and where", "[clients]") {
    const auto reply = Client("/nonexistent/agent.sock").get("/v1/whoami");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == Code::unavailable);
    CHECK(reply.error().reason() == "daemon_unreachable");
    CHECK(reply.error().text().find("/nonexistent/agent.sock") != std::string::npos);
}

TEST_CASE("client: a path too long for a socket is an error, not a cut path", "[clients]") {
    const auto reply = Client("/" + std::string(200, 'a')).get("/v1/whoami");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == Code::unavailable);
}

TEST_CASE("client: a daemon that never answers ends in a timeout", "[clients]") {
    const OneShotServer server([](int socket) { (void)read_until(socket, "no such end"); });
    const auto reply = Client(server.path(), std::chrono::milliseconds(50)).get("/v1/whoami");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == Code::timeout);
}

TEST_CASE("client: an answer that breaks off is an error, never a short body", "[clients]") {
    const OneShotServer server([](int socket) {
        (void)read_until(socket, "\r\n\r\n");
        answer(socket, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{");
    });
    const auto reply = Client(server.path()).get("/v1/whoami");
    REQUIRE_FALSE(reply);
    CHECK(reply.error().code() == Code::unavailable);
}
