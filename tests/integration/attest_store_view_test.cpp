// What a store must be before anything is taken from it.
#include "tests/support/catch.h"
#include "tests/support/store_world.h"

using namespace holdfast;
using namespace holdfast::attest;
using holdfast::test::StoreWorld;

namespace {

std::string view_of_import(const StoreWorld& world, SignedManifest& manifest) {
    const auto imported = world.import();
    REQUIRE(imported);
    manifest = *read_manifest_unverified(*world.opened().envelope(imported->manifest));
    const auto view = world.opened().open_view(manifest);
    REQUIRE(view);
    return view->path;
}

}  // namespace

TEST_CASE("store: only its owner's, and writable by nobody else", "[store]") {
    const StoreWorld world;
    REQUIRE(world
                .import(""
                        "")
                .error()
                .reason() == "manifest_malformed");  // made by now
    const auto reason = [&](uid_t owner) {
        const auto opened = Store::open(world.store(), owner);
        return opened ? "" : opened.error().reason();
    };
    CHECK(reason(::geteuid()).empty());
    CHECK(reason(::geteuid() + 1) == "store_unsafe");
    for (const mode_t mode : {0775U, 0757U}) {
        REQUIRE(::chmod(world.store().c_str(), mode) == 0);
        CHECK(reason(::geteuid()) == "store_unsafe");
        CHECK(world.folders_for(Use::write).error().reason() == "store_unsafe");
    }
    REQUIRE(::chmod(world.store().c_str(), 0755) == 0);
    for (const std::string folder : {"objects", "views", "manifests", "partial"}) {
        const auto before = std::filesystem::status(world.store(folder)).permissions();
        REQUIRE(::chmod(world.store(folder).c_str(), 0777) == 0);
        CHECK(world.folders_for(Use::write).error().reason() == "store_unsafe");
        std::filesystem::permissions(world.store(folder), before);
    }
    CHECK(world.folders_for(Use::write));
}

TEST_CASE("store: a view with anything added, removed, replaced or changed is not opened",
          "[store]") {
    const StoreWorld world;
    world.fill();
    SignedManifest manifest;
    const std::string view = view_of_import(world, manifest);
    const auto at = [&](const std::string& path) { return view + "/" + path; };
    for (const std::string folder : {"", "lib", "lib/a"})
        REQUIRE(::chmod(at(folder).c_str(), 0755) == 0);
    std::string path = "lib";
    SECTION("a folder that may be written") {}
    const auto close = [&] {
        for (const std::string folder : {"", "lib", "lib/a"})
            REQUIRE(::chmod(at(folder).c_str(), 0555) == 0);
    };
    SECTION("a file more") {
        std::ofstream(at("lib/more")) << "";
        close();
        path = "lib/more";
    }
    SECTION("a file more, last of all") {
        std::ofstream(at("zzz")) << "";
        close();
        path = "zzz";
    }
    SECTION("a file of the same size and mode, written to") {
        REQUIRE(::chmod(at("large").c_str(), 0644) == 0);
        std::fstream(at("large"), std::ios::in | std::ios::out).put('!');
        REQUIRE(::chmod(at("large").c_str(), 0444) == 0);
        close();
        path = "large";
    }
    SECTION("a file less") {
        REQUIRE(::unlink(at("lib/a/x").c_str()) == 0);
        close();
        path = "lib/a/x";
    }
    SECTION("a folder less") {
        REQUIRE(::rmdir(at("empty").c_str()) == 0);
        close();
        path = "empty";
    }
    SECTION("a link instead of a file") {
        REQUIRE(::unlink(at("lib/a/x").c_str()) == 0);
        REQUIRE(::symlink("../a.py", at("lib/a/x").c_str()) == 0);
        close();
        path = "lib/a/x";
    }
    SECTION("a link to a folder instead of the folder") {
        REQUIRE(::rmdir(at("empty").c_str()) == 0);
        REQUIRE(::symlink("lib/a-b", at("empty").c_str()) == 0);
        close();
        path = "empty";
    }
    SECTION("another target") {
        REQUIRE(::unlink(at("latest").c_str()) == 0);
        REQUIRE(::symlink("lib/same.py", at("latest").c_str()) == 0);
        close();
        path = "latest";
    }
    SECTION("another mode") {
        REQUIRE(::chmod(at("large").c_str(), 0644) == 0);
        close();
        path = "large";
    }
    SECTION("a readable entrypoint") {
        REQUIRE(::chmod(at("agent").c_str(), 0555) == 0);
        close();
        path = "agent";
    }
    SECTION("another size") {
        REQUIRE(::unlink(at("large").c_str()) == 0);
        std::ofstream(at("large")) << std::string(999'999, 'l');
        REQUIRE(::chmod(at("large").c_str(), 0444) == 0);
        close();
        path = "large";
    }
    SECTION("another owner") {
        if (::chown(at("lib/a/x").c_str(), 12345, 0) != 0) {
            HOLDFAST_SKIP("only root gives files away");
        }
        close();
        path = "lib/a/x";
    }
    const auto opened = world.opened().open_view(manifest);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().reason() == "store_changed");
    if (path != "lib") CHECK(opened.error().text().find("/" + path + ": ") != std::string::npos);
}

TEST_CASE("store: a link in a view's place is not followed, wherever it leads", "[store]") {
    const StoreWorld world;
    world.fill();
    SignedManifest manifest;
    const std::string view = view_of_import(world, manifest);
    REQUIRE(world.opened().open_view(manifest));
    REQUIRE(::rename(view.c_str(), (view + ".real").c_str()) == 0);
    REQUIRE(::symlink((view + ".real").c_str(), view.c_str()) == 0);
    const auto opened = world.opened().open_view(manifest);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().reason() == "store_changed");
}

TEST_CASE("store: what was not imported is not found", "[store]") {
    const StoreWorld world;
    world.fill();
    REQUIRE(world.import());
    CHECK(world.opened().envelope(Sha256{}).error().reason() == "manifest_not_imported");
    SignedManifest other;
    other.manifest = world.manifest();
    CHECK(world.opened().open_view(other).error().reason() == "manifest_not_imported");
}

TEST_CASE("store: a manifest that somebody changed is read again, and refused", "[store]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    Store::Summaries known;
    const auto first = world.opened().list(known);
    REQUIRE(first);
    REQUIRE(first->size() == 1);
    CHECK(world.opened().list(known)->front().digest == imported->manifest);
    const std::string file = world.store("manifests/" + manifest_file(imported->manifest));
    REQUIRE(::chmod(file.c_str(), 0644) == 0);
    std::ofstream(file) << "{}";
    const auto again = world.opened().list(known);
    REQUIRE_FALSE(again);
    CHECK(again.error().reason() == "store_changed");
}
