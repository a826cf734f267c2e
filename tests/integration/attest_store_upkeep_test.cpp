#include <sys/wait.h>

#include <csignal>

#include "attest/store/check.h"
#include "attest/store/collect.h"
#include "tests/support/catch.h"
#include "tests/support/store_world.h"

using namespace holdfast;
using namespace holdfast::attest;
using holdfast::test::envelope_of;
using holdfast::test::StoreWorld;

namespace {

CheckReport checked(const StoreWorld& world) {
    const auto folders = world.folders_for(Use::look);
    REQUIRE(folders);
    const auto report = check_store(*folders);
    REQUIRE(report);
    for (const auto& difference : report->differences)
        UNSCOPED_INFO(difference.path << ": " << difference.what);
    return *report;
}

Result<Collected> collected(const StoreWorld& world, const std::vector<Sha256>& keep) {
    const auto folders = world.folders_for(Use::write);
    REQUIRE(folders);
    return collect(*folders, keep);
}

bool opens(const StoreWorld& world, const Sha256& digest) {
    const auto envelope = world.opened().envelope(digest);
    if (!envelope) return false;
    return world.opened().open_view(*read_manifest_unverified(*envelope)).has_value();
}

// Runs it in a process of its own that is killed before its step of that number; false when it had
// come to its end before.
bool killed_at(int step, const std::function<void(const ImportOptions&)>& act) {
    const pid_t pid = ::fork();
    REQUIRE(pid >= 0);
    if (pid == 0) {
        ImportOptions options;
        options.threads = 1;
        options.before_step = [step, reached = 0]() mutable {
            if (++reached == step) (void)::raise(SIGKILL);
        };
        act(options);
        ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status);
}

std::string path_of(const StoreWorld& world, const std::string& path, std::uint32_t mode) {
    for (const auto& entry : world.manifest().tree)
        if (entry.path == path)
            return world.store("objects/" + to_name(ObjectName{entry.digest, mode}));
    return "";
}

}  // namespace

TEST_CASE("import: killed before any of its steps it leaves all or nothing, and the next one works",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    const std::string envelope = envelope_of(world.manifest());
    const Sha256 digest = read_manifest_unverified(envelope)->digest;
    int step = 1;
    while (killed_at(
        step, [&](const ImportOptions& options) { (void)world.import(envelope, options); })) {
        INFO("step " << step);
        const auto report = checked(world);
        CHECK(report.differing == 0);
        CHECK(opens(world, digest) == world.opened().envelope(digest).has_value());
        // On top of what it left.
        REQUIRE(world.import(envelope));
        CHECK(opens(world, digest));
        CHECK(checked(world).differing == 0);
        CHECK(checked(world).unneeded == 0);
        REQUIRE(collected(world, {}));
        ++step;
    }
    // A view, six copies, six objects, one link, one symbolic link, two syncs, the manifest written
    // and the moves at the end.
    CHECK(step == 1 + 6 + 6 + 1 + 1 + 2 + 1 + 4 + 1);
    CHECK(opens(world, digest));
    CHECK(checked(world).unneeded == 0);
    CHECK(world.names("partial").empty());
}

TEST_CASE("collect: what is kept stays whole, the rest goes", "[store][collect]") {
    const StoreWorld world;
    world.fill();
    const auto first = world.import();
    world.file("lib/a.py", "print('b')", 0644);
    const auto second = world.import();
    REQUIRE(first);
    REQUIRE(second);
    REQUIRE(world.count("objects") == 7);

    const auto removed = collected(world, {first->manifest, Sha256{}});
    REQUIRE(removed);
    CHECK(removed->manifests == 1);
    CHECK(removed->views == 1);
    CHECK(removed->objects == 1);
    CHECK(removed->bytes == 10);
    CHECK(opens(world, first->manifest));
    CHECK_FALSE(world.opened().envelope(second->manifest));
    CHECK(checked(world).differing == 0);

    const auto rest = collected(world, {});
    REQUIRE(rest);
    CHECK(rest->objects == 6);
    CHECK(world.count("objects") == 0);
    CHECK(world.names("views").empty());
    CHECK(world.names("manifests").empty());
}

TEST_CASE("collect: what a killed import left goes", "[store][collect]") {
    const StoreWorld world;
    world.fill();
    const std::string envelope = envelope_of(world.manifest());
    // Up to the objects: the view, six copies, the first sync, and some of the links.
    REQUIRE(killed_at(
        12, [&](const ImportOptions& options) { (void)world.import(envelope, options); }));
    REQUIRE(world.count("objects") > 0);
    CHECK(checked(world).unneeded > 0);
    REQUIRE(collected(world, {}));
    CHECK(world.count("objects") == 0);
    CHECK(world.names("partial").empty());
}

TEST_CASE("collect: a kept manifest that cannot be read means that nothing is removed",
          "[store][collect]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    const std::string place = world.store("manifests/" + manifest_file(imported->manifest));
    std::ofstream(place) << "{}";
    const auto refused = collected(world, {imported->manifest});
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "store_changed");
    CHECK(world.count("objects") == 6);
    CHECK(world.names("views").size() == 1);
    CHECK(world.opened().list().error().reason() == "store_changed");
}

TEST_CASE("fsck: a store as imported has no difference, and all of it was read", "[store][check]") {
    const StoreWorld world;
    world.fill();
    REQUIRE(world.import());
    const auto report = checked(world);
    CHECK(report.differing == 0);
    CHECK(report.manifests == 1);
    CHECK(report.views == 1);
    CHECK(report.objects == 6);
    CHECK(report.unneeded == 0);
    CHECK(report.unread == (::geteuid() == 0 ? 0 : 1));
    if (::geteuid() == 0) CHECK(report.bytes == 1'000'000 + 15 + 2 * 10 + 1);
}

TEST_CASE("fsck: every difference is named", "[store][check]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    const std::string large = path_of(world, "large", 0444);
    const std::string view = "views/" + to_name(ViewName{imported->root, imported->manifest}) + "/";
    const std::string written = "written to after its import";
    std::vector<Difference> expected;
    const auto object = [&](const std::string& path) {
        return path.substr(world.store("").size());
    };
    SECTION("an object of other contents, and the view that links to it") {
        REQUIRE(::chmod(large.c_str(), 0644) == 0);
        std::fstream(large, std::ios::in | std::ios::out) << "other";
        REQUIRE(::chmod(large.c_str(), 0444) == 0);
        expected = {{object(large), written},
                    {object(large), "contents"},
                    {view + "large", written},
                    {view + "large", "contents"}};
    }
    SECTION("an object of another mode, and the view") {
        REQUIRE(::chmod(large.c_str(), 0644) == 0);
        expected = {{object(large), "mode"}, {view + "large", "mode"}};
    }
    SECTION("an object that is missing") {
        REQUIRE(::unlink(large.c_str()) == 0);
        expected = {{object(large), "missing"}};
    }
    SECTION("a file of a view that is no object") {
        REQUIRE(::chmod(world.store(view).c_str(), 0755) == 0);
        REQUIRE(::unlink(world.store(view + "large").c_str()) == 0);
        std::ofstream(world.store(view + "large")) << std::string(1'000'000, 'L');
        REQUIRE(::chmod(world.store(view + "large").c_str(), 0444) == 0);
        REQUIRE(::chmod(world.store(view).c_str(), 0555) == 0);
        expected = {{view + "large", written}, {view + "large", "contents"}};
    }
    SECTION("a view that is missing") {
        REQUIRE(remove_all(AT_FDCWD, world.store(view.substr(0, view.size() - 1))));
        expected = {{view.substr(0, view.size() - 1), "missing"}};
    }
    SECTION("a manifest of other contents, whose view and objects nobody needs then") {
        const std::string place = "manifests/" + manifest_file(imported->manifest);
        auto other = world.manifest();
        other.version = 2;
        std::ofstream(world.store(place)) << envelope_of(other);
        expected = {{place, "contents"}};
    }
    SECTION("what is no name of ours") {
        std::ofstream(world.store("objects/stray"));
        std::ofstream(world.store("views/stray"));
        std::ofstream(world.store("manifests/stray"));
        expected = {{"objects/stray", "not a folder of objects"},
                    {"manifests/stray", "not the name of a manifest"},
                    {"views/stray", "not the name of a view"}};
    }
    const auto report = checked(world);
    CHECK(report.differing == expected.size());
    CHECK(report.differences == expected);
}

TEST_CASE("fsck: counts differences past the bound of what it names", "[store][check]") {
    const StoreWorld world;
    REQUIRE(world.folders_for(Use::write));
    for (std::size_t i = 0; i < max_differences + 1; ++i)
        std::ofstream(world.store("views/" + std::to_string(i)));
    const auto report = checked(world);
    CHECK(report.differing == max_differences + 1);
    CHECK(report.differences.size() == max_differences);
}
