// What a measurer that refuses a launched agent does to its session.
#include <boost/asio/io_context.hpp>
#include <sys/syscall.h>
#include <unistd.h>

#include <map>
#include <string>
#include <vector>

#include "daemon/callers/instances.h"
#include "tests/support/catch.h"
#include "tests/support/fake_launcher.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using namespace holdfast::tests;

namespace {

class RefusingMeasurer final : public daemon::Measurer {
  public:
    explicit RefusingMeasurer(Error error) : error_(std::move(error)) {}
    daemon::Async<attest::ProcessView> measure(pid_t, int, uid_t) override { co_return error_; }
    daemon::Async<std::monostate> check_view(Sha256) override { co_return done(); }

  private:
    Error error_;
};

// The reasons for which the session of this very process, launched, was ended.
std::vector<std::string> ended_by(const Error& error) {
    boost::asio::io_context loop;
    const std::map<std::string, policy::AgentFile> agents;
    daemon::Launched launched;
    REQUIRE(launched.add(own_instance("bot", "aa")));
    RefusingMeasurer measurer(error);
    std::vector<std::string> ended;
    daemon::Instances instances(measurer, agents, launched,
                                [&](const std::string& instance, const Error& why) {
                                    ended.push_back(instance + " " + why.reason());
                                });
    daemon::Peer peer;
    peer.pid = ::getpid();
    peer.uid = ::geteuid();
    peer.pidfd = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
    const auto recognised = run_async(loop, instances.recognise(peer));
    REQUIRE_FALSE(recognised);
    CHECK(recognised.error().reason() == error.reason());
    return ended;
}

Error denied(const char* reason) {
    return Error(Code::denied, "measure: no").because(reason);
}

}  // namespace

TEST_CASE("instances: code that cannot be measured ends a launched agent's session",
          "[daemon][callers][launch]") {
    const char* reason = GENERATE("writable_executable", "deleted_executable", "loader_environment",
                                  "unsuitable_file_system", "too_many_mappings");
    CHECK(ended_by(denied(reason)) == std::vector<std::string>{std::string("aa ") + reason});
}

TEST_CASE("instances: who changes while it is looked at, or cannot be, keeps its session",
          "[daemon][callers][launch]") {
    CHECK(ended_by(denied("measurement_changed")).empty());
    CHECK(ended_by(denied("caller_gone")).empty());
    CHECK(ended_by(Error(Code::unavailable, "measure: away").because("measurer_unavailable"))
              .empty());
}
