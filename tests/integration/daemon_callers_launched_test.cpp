// Launched agents as callers: whose process is it, is it the code that was launched, and still?
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <functional>
#include <iterator>

#include "attest/measure/process.h"
#include "daemon/callers/instances.h"
#include "daemon/sealed.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/run_async.h"

using namespace holdfast;
using daemon::Launched;
using daemon::LaunchedInstance;
using daemon::Peer;
using test::Child;
using tests::run_async;

namespace {

constexpr uid_t agent_uid = 70000;

#define NEEDS_ROOT() \
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to be another user")

template <class T>
std::string reason_of(const Result<T>& result) {
    return result ? "" : result.error().reason();
}

Descriptor copy_of(int descriptor) {
    return Descriptor(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
}

Peer peer_for(const Child& child, uid_t uid = ::getuid()) {
    return {child.pid(), uid, ::getgid(), copy_of(child.pidfd()), true};
}

Child waiting(uid_t uid = ::getuid(), const std::function<void()>& before = [] {}) {
    auto child = Child::forked(
        [&] {
            before();
            test::child_tells();
            test::child_awaits();
        },
        uid);
    child.await();
    return child;
}

Bytes list_of(std::vector<Sha256> digests) {
    std::sort(digests.begin(), digests.end());
    Bytes list;
    for (const auto& digest : digests)
        list.insert(list.end(), digest.begin(), digest.end());
    return list;
}

Descriptor sealed(const Bytes& content) {
    auto memory = daemon::seal(content, "code");
    REQUIRE(memory);
    return *std::move(memory);
}

// An instance whose leader is that child.
LaunchedInstance instance_of(const Child& child, const std::string& view = "/",
                             uid_t uid = ::getuid()) {
    LaunchedInstance facts;
    facts.agent = "bot";
    facts.instance = "ab";
    facts.pid = child.pid();
    facts.uid = uid;
    facts.manifest.fill(0x4d);
    facts.entrypoint.fill(7);
    facts.pidfd = copy_of(child.pidfd());
    facts.view = Descriptor(::open(view.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    facts.code = sealed(list_of({facts.entrypoint}));
    facts.running = true;
    return facts;
}

// The group this test and its children are in.
std::string own_group() {
    const Peer self{::getpid(), ::getuid(), ::getgid(),
                    Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0))), true};
    return *daemon::cgroup_of(self);
}

std::string who(const Launched& launched, const Peer& peer) {
    const auto entry = launched.behind(peer);
    return entry ? (*entry)->facts.instance : entry.error().reason();
}

MeasuredFile a_file(std::uint8_t digest) {
    MeasuredFile file;
    file.path = "/file";
    file.digest.fill(digest);
    return file;
}

}  // namespace

TEST_CASE("launched: the leader is known by the process that was launched, not by its number",
          "[daemon][callers][launch]") {
    const auto leader = waiting();
    const auto other = waiting();
    Launched launched;
    REQUIRE(launched.add(instance_of(leader)));
    CHECK(who(launched, peer_for(leader)) == "ab");
    CHECK(who(launched, peer_for(other)) == "not_the_leader");
    // The leader ended, and another process has its number now.
    auto ended = waiting();
    auto facts = instance_of(other);
    facts.pidfd = copy_of(ended.pidfd());
    ended.end();
    REQUIRE(launched.add(std::move(facts)));
    CHECK(who(launched, peer_for(other)) == "not_the_leader");
}

TEST_CASE("launched: a process of another user is not the leader", "[daemon][callers][launch]") {
    const auto leader = waiting();
    Launched launched;
    REQUIRE(launched.add(instance_of(leader)));
    CHECK(launched.is_launched(::getuid()));
    CHECK_FALSE(launched.is_launched(::getuid() + 1));
    CHECK(who(launched, peer_for(leader, ::getuid() + 1)) == "not_the_leader");
}

TEST_CASE("launched: others of its group may ask where the manifest says tree, and only there",
          "[daemon][callers][launch]") {
    if (own_group().empty()) HOLDFAST_SKIP("needs a cgroup2 file system");
    const auto leader = waiting();
    const auto member = waiting();
    const auto is_member = [&](attest::Signers signers, const std::string& group) {
        Launched launched;
        auto facts = instance_of(leader);
        facts.signers = signers;
        facts.cgroup_path = group;
        REQUIRE(launched.add(std::move(facts)));
        return who(launched, peer_for(member));
    };
    CHECK(is_member(attest::Signers::tree, own_group()) == "ab");
    CHECK(is_member(attest::Signers::leader, own_group()) == "not_the_leader");
    CHECK(is_member(attest::Signers::tree, own_group() + "/below") == "not_the_leader");
    CHECK(is_member(attest::Signers::tree, "") == "not_the_leader");
}

TEST_CASE("launched: an instance whose session is over is nobody's any more",
          "[daemon][callers][launch]") {
    const auto leader = waiting();
    Launched launched;
    REQUIRE(launched.add(instance_of(leader)));
    launched.end_session("cd");
    CHECK(who(launched, peer_for(leader)) == "ab");
    launched.end_session("ab");
    CHECK(who(launched, peer_for(leader)) == "instance_over");
    CHECK(reason_of(daemon::check_place(*launched.find("ab"), peer_for(leader))) ==
          "instance_over");
    CHECK(launched.of("bot") == std::vector<std::string>{"ab"});
    launched.remove("ab");
    CHECK(launched.of("bot").empty());
    CHECK_FALSE(launched.is_launched(::getuid()));
}

TEST_CASE("launched: who has ended is gone, whoever has the number", "[daemon][callers][launch]") {
    auto leader = waiting();
    Launched launched;
    REQUIRE(launched.add(instance_of(leader)));
    const Peer peer = peer_for(leader);
    leader.end();
    CHECK(who(launched, peer) == "caller_gone");
    CHECK(reason_of(daemon::cgroup_of(peer)) == "caller_gone");
    CHECK(reason_of(daemon::check_untraceable(peer)) == "caller_gone");
}

TEST_CASE("launched: a list of code is sealed, whole, in order and bounded",
          "[daemon][callers][launch]") {
    const auto leader = waiting();
    const auto accepted = [&](Descriptor code) {
        Launched launched;
        auto facts = instance_of(leader);
        facts.code = std::move(code);
        const bool added = launched.add(std::move(facts)).has_value();
        CHECK(launched.entries().size() == (added ? 1U : 0U));
        return added;
    };
    CHECK(accepted(sealed(list_of({Sha256{1}, Sha256{2}}))));
    CHECK_FALSE(accepted(sealed({})));
    CHECK_FALSE(accepted(sealed(Bytes(31, 1))));
    CHECK_FALSE(accepted(sealed(Bytes(33, 1))));
    Bytes backwards(64, 1);
    backwards[32] = 0;
    CHECK_FALSE(accepted(sealed(backwards)));
    CHECK(accepted(sealed(Bytes(daemon::max_code_files * sizeof(Sha256), 1))));
    CHECK_FALSE(accepted(sealed(Bytes((daemon::max_code_files + 1) * sizeof(Sha256), 1))));
    const test::Directory directory;
    const std::string file = directory.path("code");
    std::ofstream(file) << std::string(32, 'x');
    CHECK_FALSE(accepted(Descriptor(::open(file.c_str(), O_RDONLY | O_CLOEXEC))));
    CHECK_FALSE(accepted(Descriptor()));
}

TEST_CASE("launched: the leader runs its entrypoint, others a file of the tree; all map only those",
          "[daemon][callers][launch]") {
    const auto child = waiting();
    Launched launched;
    auto facts = instance_of(child);
    facts.entrypoint.fill(1);
    facts.code = sealed(list_of({a_file(1).digest, a_file(2).digest, a_file(3).digest}));
    REQUIRE(launched.add(std::move(facts)));
    const auto checked = [&](std::uint8_t executable, std::vector<std::uint8_t> mappings,
                             bool is_leader) {
        attest::ProcessView view;
        view.measurement.executable = a_file(executable);
        for (const auto mapping : mappings)
            view.measurement.mappings.push_back(a_file(mapping));
        return reason_of(daemon::check_code(*launched.find("ab"), view, is_leader));
    };
    CHECK(checked(1, {1, 2, 3}, true).empty());
    CHECK(checked(1, {}, true).empty());
    CHECK(checked(2, {1}, true) == "measurement_mismatch");
    CHECK(checked(2, {1}, false).empty());
    CHECK(checked(4, {1}, false) == "measurement_mismatch");
    CHECK(checked(1, {4}, true) == "measurement_mismatch");
    CHECK(checked(1, {1, 2, 3, 0}, true) == "measurement_mismatch");
    CHECK(checked(1, {4}, false) == "measurement_mismatch");
}

TEST_CASE("launched: the folder of the tree stays as it was, but for its time of change",
          "[daemon][callers][launch]") {
    const auto child = waiting();
    const test::Directory directory;
    const std::string view = directory.path("view");
    REQUIRE(::mkdir(view.c_str(), 0755) == 0);
    Launched launched;
    REQUIRE(launched.add(instance_of(child, view)));
    const auto place = [&] {
        return reason_of(daemon::check_place(*launched.find("ab"), peer_for(child)));
    };
    CHECK(place().empty());
    REQUIRE(::chmod(view.c_str(), 0700) == 0);
    REQUIRE(::chmod(view.c_str(), 0755) == 0);
    CHECK(place().empty());
    std::ofstream(view + "/more") << "code";
    CHECK(place() == "measurement_changed");
}

TEST_CASE("launched: who left its control group is not in its place any more",
          "[daemon][callers][launch]") {
    if (own_group().empty()) HOLDFAST_SKIP("needs a cgroup2 file system");
    const auto child = waiting();
    const auto place = [&](const std::string& group) {
        Launched launched;
        auto facts = instance_of(child);
        facts.cgroup_path = group;
        REQUIRE(launched.add(std::move(facts)));
        return reason_of(daemon::check_place(*launched.find("ab"), peer_for(child)));
    };
    CHECK(place(own_group()).empty());
    CHECK(place("").empty());  // this host has none
    CHECK(place("/another") == "measurement_changed");
}

TEST_CASE("launched: a process that its own user may trace is told apart",
          "[daemon][callers][launch]") {
    NEEDS_ROOT();
    const auto closed = waiting(agent_uid);
    CHECK(daemon::check_untraceable(peer_for(closed, agent_uid)));
    const auto open = waiting(agent_uid, [] { (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); });
    CHECK(reason_of(daemon::check_untraceable(peer_for(open, agent_uid))) == "leader_traceable");
}

// ── recognised from end to end, measured for real ───────────────────────────────────────────────

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
};

// This very program, launched as bot: its manifest lists all it maps.
struct Recognising {
    explicit Recognising(const std::function<void()>& before = [] {})
        : child(waiting(agent_uid, before)), peer(peer_for(child, agent_uid)) {
        REQUIRE(::mkdir(view_path.c_str(), 0755) == 0);
        auto view = attest::measure_process(peer.pid, peer.pidfd.get(), {agent_uid, true});
        REQUIRE(view);
        executable = view->measurement.executable.digest;
        for (const auto& mapping : view->measurement.mappings)
            code.push_back(mapping.digest);
        code.push_back(executable);
        std::sort(code.begin(), code.end());
        code.erase(std::unique(code.begin(), code.end()), code.end());
    }
    void launch() {
        auto facts = instance_of(child, view_path, agent_uid);
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

    test::Directory directory;
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
    const auto other = waiting(agent_uid);
    const auto refused =
        run_async(world.loop, world.instances.recognise(peer_for(other, agent_uid)));
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
            auto facts = instance_of(world.child, world.view_path, agent_uid);
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
