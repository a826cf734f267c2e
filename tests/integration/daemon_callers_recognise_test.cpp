// Launched agents recognised from end to end, measured for real.
#include <boost/asio/io_context.hpp>
#include <sys/prctl.h>
#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <functional>

#include "attest/measure/process.h"
#include "daemon/callers/instances.h"
#include "tests/support/launched_callers.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::Launched;
using daemon::Peer;
using namespace holdfast::test;  // NOLINT(google-build-using-namespace)
using tests::run_async;

#define NEEDS_ROOT() \
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to be another user")

namespace {

// Measures for real, and then lets the test do something before the answer arrives.
class MeasurerThen final : public daemon::Measurer {
  public:
    std::function<void()> then = [] {};
    int measured = 0;
    daemon::Async<attest::ProcessView> measure(pid_t pid, int pidfd, uid_t uid) override {
        ++measured;
        auto view = attest::measure_process(pid, pidfd, {uid, true});
        then();
        co_return view;
    }
    daemon::Async<std::monostate> check_view(Sha256) override { co_return done(); }
};

// This very program, launched as bot: its manifest lists all it maps.
struct Recognising {
    explicit Recognising(const std::function<void()>& before = [] {})
        : child(waiting(launched_uid, before)), peer(peer_for(child, launched_uid)) {
        REQUIRE(::mkdir(view_path.c_str(), 0755) == 0);
        auto view = attest::measure_process(peer.pid, peer.pidfd.get(), {launched_uid, true});
        REQUIRE(view);
        executable = view->measurement.executable.digest;
        for (const auto& mapping : view->measurement.mappings)
            code.push_back(mapping.digest);
        code.push_back(executable);
        std::sort(code.begin(), code.end());
        code.erase(std::unique(code.begin(), code.end()), code.end());
    }
    void launch() {
        auto facts = instance_of(child, view_path, launched_uid);
        facts.entrypoint = executable;
        facts.signers = attest::Signers::leader;
        facts.code = sealed(list_of(code));
        REQUIRE(launched.add(std::move(facts)));
    }
    Result<daemon::Instance> recognise() { return run_async(loop, instances.recognise(peer)); }
    std::string reason() {
        const auto recognised = recognise();
        return recognised ? "recognised" : recognised.error().reason();
    }

    Directory directory;
    std::string view_path = directory.path("view");
    boost::asio::io_context loop;
    Child child;
    Peer peer;
    Sha256 executable{};
    std::vector<Sha256> code;
    MeasurerThen measurer;
    std::map<std::string, policy::AgentFile> agents;
    Launched launched;
    std::vector<std::string> changed;
    daemon::Instances instances{measurer, agents, launched,
                                [this](const std::string& instance, const Error& why) {
                                    changed.push_back(instance + " " + why.reason());
                                }};
};

}  // namespace

TEST_CASE("instances: a launched agent is who it was launched as, by its manifest",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    world.launch();
    const auto instance = world.recognise();
    INFO((instance ? "" : instance.error().text()));
    REQUIRE(instance);
    CHECK(instance->agent == "bot");
    CHECK(instance->id == "ab");
    CHECK(instance->is_launched());
    CHECK(instance->view.measurement.assurance == Assurance::launched);
    CHECK(instance->view.measurement.digest == world.launched.find("ab")->facts.manifest);
    CHECK(world.instances.still_same(world.peer, *instance));
    CHECK(world.changed.empty());
}

TEST_CASE("instances: a launched agent that maps what is not its own loses its session",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    const auto at = std::find_if(world.code.begin(), world.code.end(),
                                 [&](const Sha256& one) { return one != world.executable; });
    REQUIRE(at != world.code.end());
    world.code.erase(at);
    world.launch();
    CHECK(world.reason() == "measurement_mismatch");
    CHECK(world.changed == std::vector<std::string>{"ab measurement_mismatch"});
}

TEST_CASE("instances: a launched agent that is another program loses its session",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    world.executable = Sha256{1};
    world.launch();
    CHECK(world.reason() == "measurement_mismatch");
    CHECK(world.changed == std::vector<std::string>{"ab measurement_mismatch"});
}

TEST_CASE("instances: a leader that its own user may trace loses its session",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world([] { (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); });
    world.launch();
    CHECK(world.reason() == "leader_traceable");
    CHECK(world.changed == std::vector<std::string>{"ab leader_traceable"});
}

TEST_CASE("instances: who is not the leader costs the measurer nothing, and the agent nothing",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    world.launch();
    const auto other = waiting(launched_uid);
    const auto refused =
        run_async(world.loop, world.instances.recognise(peer_for(other, launched_uid)));
    CHECK(reason_of(refused) == "not_the_leader");
    world.launched.end_session("ab");
    CHECK(world.reason() == "instance_over");
    CHECK(world.measurer.measured == 0);
    CHECK(world.changed.empty());
}

TEST_CASE("instances: an instance that ended or was over while it was measured is not recognised",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    world.launch();
    std::string expected;
    SECTION("ended") {
        world.measurer.then = [&] { world.launched.remove("ab"); };
        expected = "not_the_leader";
    }
    SECTION("over") {
        world.measurer.then = [&] { world.launched.end_session("ab"); };
        expected = "instance_over";
    }
    SECTION("another in its place") {
        world.measurer.then = [&] {
            world.launched.remove("ab");
            auto facts = instance_of(world.child, world.view_path, launched_uid);
            facts.instance = "cd";
            facts.entrypoint = world.executable;
            facts.code = sealed(list_of(world.code));
            REQUIRE(world.launched.add(std::move(facts)));
        };
        expected = "unrecognised_caller";
    }
    CHECK(world.reason() == expected);
    CHECK(world.changed.empty());
}

TEST_CASE("instances: each use asks whether session, folder and process are as they were",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    Recognising world;
    world.launch();
    const auto instance = world.recognise();
    REQUIRE(instance);
    const auto reason = [&] {
        return reason_of(world.instances.still_same(world.peer, *instance));
    };
    CHECK(reason().empty());
    SECTION("the session is over") {
        world.launched.end_session("ab");
        CHECK(reason() == "instance_over");
        CHECK(world.changed.empty());
    }
    SECTION("it is not known any more") {
        world.launched.remove("ab");
        CHECK(reason() == "instance_over");
        CHECK(world.changed.empty());
    }
    SECTION("its folder was changed") {
        std::ofstream(world.view_path + "/more") << "code";
        CHECK(reason() == "measurement_changed");
        CHECK(world.changed == std::vector<std::string>{"ab measurement_changed"});
    }
    SECTION("it has ended") {
        world.child.end();
        CHECK(reason() == "caller_gone");
        CHECK(world.changed.empty());
    }
}

TEST_CASE("instances: until a launcher has told who runs, a launched agent's uid is told to wait",
          "[daemon][callers][launch]") {
    boost::asio::io_context loop;
    MeasurerThen measurer;
    const std::map<std::string, policy::AgentFile> agents;
    Launched launched;
    daemon::Instances instances(measurer, agents, launched, [](const auto&, const auto&) {});
    const auto reason = [&](uid_t uid) {
        Peer peer;
        peer.pid = ::getpid();
        peer.uid = uid;
        return reason_of(run_async(loop, instances.recognise(peer)));
    };
    CHECK(reason(65'535) == "unrecognised_caller");
    CHECK(reason(65'536) == "launcher_unavailable");
    launched.set_complete(true);
    CHECK(reason(65'536) == "unrecognised_caller");
    CHECK(measurer.measured == 0);
}

TEST_CASE("instances: an agent with [launch] is not recognised from outside",
          "[daemon][callers][launch]") {
    MeasurerThen measurer;
    std::map<std::string, policy::AgentFile> agents;
    agents["bot"].uid = 1001;
    const Launched launched;
    const daemon::Instances instances(measurer, agents, launched, [](const auto&, const auto&) {});
    CHECK(instances.is_declared(1001));
    agents["bot"].launch = policy::Launch{};
    CHECK_FALSE(instances.is_declared(1001));
}
