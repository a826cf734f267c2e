// Launched agents as callers: whose process is it, is it the code that was launched, and in its
// place?
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/support/launched_callers.h"

using namespace holdfast;
using daemon::Launched;
using daemon::Peer;
using namespace holdfast::test;  // NOLINT(google-build-using-namespace)

namespace {

#define NEEDS_ROOT() \
    if (::getuid() != 0) HOLDFAST_SKIP("needs root to be another user")

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

TEST_CASE(
    "launched: the leader runs its entrypoint, others a file of the tree, and all map only those",
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
    // Another launcher tells of it again.
    REQUIRE(launched.add(instance_of(child, view)));
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
    const auto closed = waiting(test::launched_uid);
    CHECK(daemon::check_untraceable(peer_for(closed, test::launched_uid)));
    const auto open =
        waiting(test::launched_uid, [] { (void)::prctl(PR_SET_DUMPABLE, 1, 0, 0, 0); });
    CHECK(reason_of(daemon::check_untraceable(peer_for(open, test::launched_uid))) ==
          "leader_traceable");
}
