#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>
#include <sys/un.h>

#include <functional>

#include "attest/store/check.h"
#include "tests/support/catch.h"
#include "tests/support/store_world.h"

using namespace holdfast;
using namespace holdfast::attest;
using holdfast::test::envelope_of;
using holdfast::test::StoreWorld;

namespace {

// Changes the source between listing and opening.
class ChangingSource final : public Source {
  public:
    ChangingSource(const std::string& directory, std::function<void()> change)
        : source_(*DirectorySource::open(directory)), change_(std::move(change)) {}

    Result<std::vector<SourceEntry>> list() override { return source_.list(); }
    Result<OpenedFiles> open(std::size_t first, std::size_t count) override {
        change_();
        return source_.open(first, count);
    }

  private:
    DirectorySource source_;
    std::function<void()> change_;
};

// The reason of the refusal; nothing must have stayed behind.
std::string refused(const StoreWorld& world, Source& source, const std::string& envelope) {
    const auto folders = world.folders_for(Use::write);
    REQUIRE(folders);
    const auto imported = import_code(*folders, source, envelope, {});
    CHECK(world.count("objects") == 0);
    CHECK(world.names("views").empty());
    CHECK(world.names("manifests").empty());
    CHECK(world.names("partial").empty());
    if (imported) return "imported";
    UNSCOPED_INFO(imported.error().text());
    return imported.error().reason();
}

std::string refused(const StoreWorld& world, const std::string& envelope) {
    auto source = DirectorySource::open(world.source());
    REQUIRE(source);
    return refused(world, *source, envelope);
}

std::string refused_when(const StoreWorld& world, std::function<void()> change) {
    ChangingSource source(world.source(), std::move(change));
    return refused(world, source, envelope_of(world.manifest()));
}

void make_socket(const std::string& path) {
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    struct sockaddr_un name{};
    name.sun_family = AF_UNIX;
    path.copy(static_cast<char*>(name.sun_path), sizeof name.sun_path - 1);
    REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) == 0);
}

}  // namespace

TEST_CASE("import: a source that is not the manifest's tree is refused, and leaves nothing",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    const std::string envelope = envelope_of(world.manifest());
    SECTION("a file more") {
        world.file("more", "", 0644);
    }
    SECTION("a hidden file more") {
        world.file("lib/.more", "", 0644);
    }
    SECTION("an empty folder more") {
        world.folder("lib/more");
    }
    SECTION("a file less") {
        REQUIRE(::unlink(world.source("lib/a/x").c_str()) == 0);
    }
    SECTION("an empty folder less") {
        REQUIRE(::rmdir(world.source("empty").c_str()) == 0);
    }
    SECTION("another mode") {
        REQUIRE(::chmod(world.source("lib/a.py").c_str(), 0640) == 0);
    }
    SECTION("a folder's other mode") {
        REQUIRE(::chmod(world.source("lib").c_str(), 0700) == 0);
    }
    SECTION("another size") {
        world.file("lib/a.py", "print('ab')", 0644);
    }
    SECTION("other contents of the same size") {
        world.file("lib/a.py", "print('b')", 0644);
    }
    SECTION("two names swapped") {
        world.file("lib/a/x", "print('a')", 0600);
        world.file("lib/a.py", "x", 0644);
    }
    SECTION("another target") {
        REQUIRE(::unlink(world.source("latest").c_str()) == 0);
        world.link("latest", "lib/same.py");
    }
    SECTION("a link instead of a file") {
        REQUIRE(::rename(world.source("large").c_str(), world.file("elsewhere").c_str()) == 0);
        world.link("large", world.file("elsewhere"));
    }
    SECTION("a file instead of a link") {
        REQUIRE(::unlink(world.source("latest").c_str()) == 0);
        world.file("latest", "lib/a.py", 0777);
    }
    CHECK(refused(world, envelope) == "tree_mismatch");
}

TEST_CASE("import: what no tree may hold is refused", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const std::string envelope = envelope_of(world.manifest());
    const std::string place = world.source("lib/a/x");
    REQUIRE(::unlink(place.c_str()) == 0);
    SECTION("a FIFO") {
        REQUIRE(::mkfifo(place.c_str(), 0600) == 0);
    }
    SECTION("a socket") {
        make_socket(place);
    }
    SECTION("a set-user-id file") {
        world.file("lib/a/x", "x", 04755);
    }
    SECTION("a set-group-id file") {
        world.file("lib/a/x", "x", 02755);
    }
    SECTION("a device") {
        if (::mknod(place.c_str(), S_IFCHR | 0600, makedev(1, 3)) != 0) {
            HOLDFAST_SKIP("only root makes devices");
        }
    }
    CHECK(refused(world, envelope) == "unsuitable_file");
}

TEST_CASE("import: a set-id file is refused also when the manifest lists it so",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    world.file("lib/a/x", "x", 04755);
    CHECK(refused(world, envelope_of(world.manifest())) == "unsuitable_file");
}

TEST_CASE("import: a manifest that is none is refused", "[store][import]") {
    const StoreWorld world;
    world.fill();
    CHECK(refused(world, "{}") == "manifest_malformed");
    auto manifest = world.manifest();
    manifest.entrypoint = "missing";
    CHECK(refused(world, envelope_of(manifest)) == "manifest_malformed");
}

TEST_CASE("import: what changes after it was listed is refused", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const std::string place = world.source("lib/a/x");
    std::function<void()> change;
    std::string expected = "source_changed";
    SECTION("a file goes") {
        change = [] {};
    }
    SECTION("a link takes its place") {
        change = [&] { REQUIRE(::symlink("../a.py", place.c_str()) == 0); };
    }
    SECTION("a FIFO takes its place") {
        change = [&] { REQUIRE(::mkfifo(place.c_str(), 0600) == 0); };
        expected = "unsuitable_file";
    }
    SECTION("a set-id file takes its place") {
        change = [&] { world.file("lib/a/x", "x", 04600); };
        expected = "unsuitable_file";
    }
    SECTION("another file takes its place") {
        change = [&] { world.file("lib/a/x", "y", 0600); };
        expected = "tree_mismatch";
    }
    SECTION("a file of another mode takes its place") {
        change = [&] { world.file("lib/a/x", "x", 0666); };
        expected = "tree_mismatch";
    }
    SECTION("a link takes its folder's place, to where the very same file is") {
        change = [&] {
            std::filesystem::create_directory(world.source("lib/b"));
            world.file("lib/b/x", "x", 0600);
            std::filesystem::remove_all(world.source("lib/a"));
            world.link("lib/a", "b");
        };
    }
    CHECK(refused_when(world, [&] { (void)::unlink(place.c_str()), change(); }) == expected);
}

TEST_CASE("import: a file that grows, shrinks or is written while it is read is refused",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    // Opened, and looked at, but not read yet: only a hook of the import is in between.
    const std::string large = world.source("large");
    std::function<void()> change;
    std::string expected = "source_changed";
    SECTION("grows") {
        change = [&] { std::ofstream(large, std::ios::app) << "more"; };
    }
    SECTION("shrinks") {
        change = [&] { REQUIRE(::truncate(large.c_str(), 999'999) == 0); };
    }
    SECTION("is written") {
        change = [&] {
            std::fstream file(large, std::ios::in | std::ios::out);
            file.seekp(500'000);
            file << "other";
        };
    }
    const auto folders = world.folders_for(Use::write);
    REQUIRE(folders);
    auto source = DirectorySource::open(world.source());
    REQUIRE(source);
    ImportOptions options;
    options.before_step = [&, step = 0]() mutable {
        // The view, the agent, then `large`, in the tree's order.
        if (++step == 3) change();
    };
    const auto imported = import_code(*folders, *source, envelope_of(world.manifest()), options);
    REQUIRE_FALSE(imported);
    CHECK(imported.error().reason() == expected);
    CHECK(imported.error().text().find("large") != std::string::npos);
    CHECK(world.names("partial").empty());
    CHECK(world.count("objects") == 0);
}

TEST_CASE("import: one importer at a time, and nobody checks meanwhile", "[store][import]") {
    const StoreWorld world;
    {
        const auto first = world.folders_for(Use::write);
        REQUIRE(first);
        for (const auto use : {Use::write, Use::look}) {
            const auto second = world.folders_for(use);
            REQUIRE_FALSE(second);
            CHECK(second.error().code() == Code::busy);
        }
    }
    const auto looker = world.folders_for(Use::look);
    REQUIRE(looker);
    CHECK(world.folders_for(Use::look));
    CHECK_FALSE(world.folders_for(Use::write));
}

TEST_CASE("import: a full disk is said, and gets back what the import took", "[store][import]") {
    const tests::TemporaryDirectory small;
    if (::mount("holdfast-test", small.path().c_str(), "tmpfs", MS_NOSUID, "size=2m,mode=0755") !=
        0) {
        HOLDFAST_SKIP("only root mounts");
    }
    {
        const StoreWorld world(small.file("store"));
        world.file("agent", "agent", 0755);
        for (int i = 0; i < 4; ++i)
            world.file("large-" + std::to_string(i), std::string(1'000'000, char('a' + i)), 0644);
        CHECK(refused(world, envelope_of(world.manifest())) == "store_full");
        // And then there is room for what is smaller.
        REQUIRE(::unlink(world.source("large-0").c_str()) == 0);
        REQUIRE(::unlink(world.source("large-1").c_str()) == 0);
        REQUIRE(::unlink(world.source("large-2").c_str()) == 0);
        CHECK(world.import());
    }
    CHECK(::umount2(small.path().c_str(), MNT_DETACH) == 0);
}

TEST_CASE("import: a store holds manifests up to its bound, and none more", "[store][import]") {
    const StoreWorld world;
    world.file("agent", "agent", 0755);
    REQUIRE(world.folders_for(Use::write));
    for (std::size_t i = 0; i + 1 < max_stored_manifests; ++i)
        std::ofstream(world.store("manifests/" + std::to_string(i)));
    REQUIRE(world.import());
    world.file("agent", "other", 0755);
    const auto refused = world.import();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "store_full");
}
