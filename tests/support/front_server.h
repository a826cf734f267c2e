// FrontServer: the front's sockets for real, on a thread of the test's, with the test's own
// handler.
#ifndef HOLDFAST_TESTS_SUPPORT_FRONT_SERVER_H
#define HOLDFAST_TESTS_SUPPORT_FRONT_SERVER_H

#include <boost/asio/io_context.hpp>

#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "daemon/front/front.h"
#include "holdfast/descriptor.h"
#include "tests/support/child.h"

namespace holdfast::test {

// Measures in the test's own process, and counts.
class OwnMeasurer final : public daemon::Measurer {
  public:
    daemon::Async<attest::ProcessView> measure(pid_t pid, int pidfd, uid_t uid) override;
    daemon::Async<std::monostate> check_view(Sha256) override { co_return done(); }
    int measured = 0;
};

struct ServerOptions {
    std::size_t connections = 64;
    std::size_t connections_per_uid = 64;
    std::size_t descriptor_ceiling = 100'000;
    daemon::TimeLimits limits{};
};

// Members are read after stop(), or by what runs on the loop.
class FrontServer {
  public:
    using Handle = std::function<daemon::Async<daemon::Answer>(const daemon::Call& call)>;

    // Agent "bot" is this very test program under its own uid.
    FrontServer(Handle handle, const ServerOptions& options);
    FrontServer(const FrontServer&) = delete;
    FrontServer& operator=(const FrontServer&) = delete;
    ~FrontServer();

    std::string agent_socket() const { return directory_.path("agent.sock"); }
    std::string admin_socket() const { return directory_.path("admin.sock"); }
    // Runs on the loop, and waits for it.
    void on_loop(const std::function<void()>& work);
    void stop();

    Directory directory_;
    std::map<std::string, policy::AgentFile> agents;
    OwnMeasurer measurer;
    daemon::Launched launched;
    daemon::Instances instances;
    daemon::Containment containment;
    daemon::Admission admission;
    std::vector<daemon::Refusal> refusals;
    std::vector<std::pair<std::uint64_t, std::string>> withheld;
    daemon::Front front;

  private:
    boost::asio::io_context io_;  // last: what runs in it refers to all of the above
    std::thread thread_;
};

// A blocking client: bytes in, bytes out.
class Client {
  public:
    explicit Client(const std::string& socket);
    bool send(const std::string& bytes);
    std::string read_all();    // to the end of the stream
    std::string read_reply();  // one head and its body
    bool is_closed();          // nothing more will come
    int descriptor() const { return socket_.get(); }

  private:
    Descriptor socket_;
    std::string unread_;
};

inline const std::string whoami = "GET /v1/whoami HTTP/1.1\r\nHost: a\r\n\r\n";
inline const std::string status = "GET /v1/status HTTP/1.1\r\nHost: a\r\n\r\n";
std::string post(const std::string& path, const std::string& body,
                 const std::string& type = "application/json");

int status_of(const std::string& reply);
bool has(const std::string& text, const std::string& part);

// A handler that says what it was given: {principal|agent|argument|body}.
daemon::Async<daemon::Answer> tell(const daemon::Call& call);

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_FRONT_SERVER_H
