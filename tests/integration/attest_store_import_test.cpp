#include <set>

#include "attest/store/check.h"
#include "tests/support/catch.h"
#include "tests/support/store_world.h"

using namespace holdfast;
using namespace holdfast::attest;
using holdfast::test::envelope_of;
using holdfast::test::StoreWorld;
using holdfast::test::text_in;

namespace {

struct stat look(const std::string& path) {
    struct stat status{};
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    return status;
}

mode_t mode_of(const std::string& path) {
    return look(path).st_mode & 07777U;
}

SignedManifest read_back(const StoreWorld& world, const Sha256& digest) {
    const auto envelope = world.opened().envelope(digest);
    REQUIRE(envelope);
    const auto opened = read_manifest_unverified(*envelope);
    REQUIRE(opened);
    return *opened;
}

std::string path_of_view(const StoreWorld& world, const Sha256& digest) {
    const auto view = world.opened().open_view(read_back(world, digest));
    REQUIRE(view);
    return view->path;
}

bool is_clean(const StoreWorld& world) {
    const auto folders = world.folders_for(Use::look);
    REQUIRE(folders);
    const auto report = check_store(*folders);
    REQUIRE(report);
    for (const auto& difference : report->differences)
        UNSCOPED_INFO(difference.path << ": " << difference.what);
    return report->differing == 0;
}

}  // namespace

TEST_CASE("import: the view is the tree, read-only, and what it says of itself is true",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    CHECK(imported->files == 7);
    CHECK(imported->bytes == 1'000'000 + 15 + 3 * 10 + 1);
    CHECK(imported->reused == 0);
    CHECK(imported->root == tree_root(world.manifest().tree));

    const std::string view = path_of_view(world, imported->manifest);
    for (const auto& entry : world.manifest().tree) {
        if (entry.type == EntryType::directory) CHECK(mode_of(view + "/" + entry.path) == 0555);
        if (entry.type != EntryType::file) continue;
        CHECK(mode_of(view + "/" + entry.path) == stored_mode(world.manifest(), entry));
        // Its owner, when not root, cannot read it either.
        if (entry.path == "agent" && ::geteuid() != 0) continue;
        CHECK((text_in(view + "/" + entry.path) == text_in(world.source(entry.path))));
    }
    CHECK(mode_of(view) == 0555);
    CHECK(mode_of(view + "/agent") == 0111);
    CHECK(std::filesystem::read_symlink(view + "/latest") == "lib/a.py");
    CHECK(std::filesystem::is_empty(view + "/empty"));
    CHECK(is_clean(world));
    CHECK(world.names("partial").empty());
}

TEST_CASE("import: what is equal is stored once, and once more where its mode differs",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    // agent, a.py twice as data and once as program, x, y, large.
    CHECK(world.count("objects") == 6);
    const std::string view = path_of_view(world, imported->manifest);
    CHECK(look(view + "/lib/a.py").st_ino == look(view + "/lib/same.py").st_ino);
    CHECK(look(view + "/lib/a.py").st_nlink == 3);
    CHECK(look(view + "/lib/a.py").st_ino != look(view + "/lib/same-but-x.py").st_ino);
    CHECK(look(view + "/agent").st_nlink == 2);
}

TEST_CASE("import: a second version shares what did not change", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto first = world.import();
    REQUIRE(first);
    world.file("lib/a.py", "print('b')", 0644);
    const auto second = world.import();
    REQUIRE(second);
    CHECK(second->reused == 6);
    CHECK(world.count("objects") == 7);
    CHECK(look(path_of_view(world, first->manifest) + "/large").st_ino ==
          look(path_of_view(world, second->manifest) + "/large").st_ino);
    CHECK(text_in(path_of_view(world, first->manifest) + "/lib/a.py") == "print('a')");
    CHECK(text_in(path_of_view(world, second->manifest) + "/lib/a.py") == "print('b')");
    CHECK(is_clean(world));
}

TEST_CASE("import: once more, and the view that instances run from stays where it is",
          "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto first = world.import();
    REQUIRE(first);
    const std::string view = path_of_view(world, first->manifest);
    const auto inode = look(view).st_ino;
    const auto again = world.import();
    REQUIRE(again);
    CHECK(again->reused == again->files);
    CHECK(look(view).st_ino == inode);
    CHECK(mode_of(view) == 0555);
    CHECK(world.names("partial").empty());
}

TEST_CASE("import: the envelope of the last import counts, for its signatures", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    auto signed_anew = *encode::parse_dsse(envelope_of(world.manifest()), max_envelope);
    signed_anew.signatures.front().signature = Bytes(64, 2);
    REQUIRE(world.import(encode::to_json(signed_anew)));
    CHECK(*world.opened().envelope(imported->manifest) == encode::to_json(signed_anew));
}

TEST_CASE("import: a changed view is made anew", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    const std::string view = path_of_view(world, imported->manifest);
    REQUIRE(::chmod((view + "/lib").c_str(), 0755) == 0);
    REQUIRE(::unlink((view + "/lib/a.py").c_str()) == 0);
    REQUIRE_FALSE(world.opened().open_view(read_back(world, imported->manifest)));
    REQUIRE(world.import());
    CHECK(path_of_view(world, imported->manifest) == view);
    CHECK(is_clean(world));
    CHECK(world.names("partial").empty());
}

TEST_CASE("import: an object that does not look like one is not reused", "[store][import]") {
    const StoreWorld world;
    world.fill();
    const auto imported = world.import();
    REQUIRE(imported);
    const TreeEntry large = [&] {
        for (const auto& entry : world.manifest().tree)
            if (entry.path == "large") return entry;
        return TreeEntry{};
    }();
    const std::string object = world.store("objects/" + to_name(ObjectName{large.digest, 0444}));
    SECTION("its size is another") {
        REQUIRE(::chmod(object.c_str(), 0644) == 0);
        REQUIRE(::truncate(object.c_str(), 10) == 0);
        REQUIRE(::chmod(object.c_str(), 0444) == 0);
    }
    SECTION("it was written to") {
        REQUIRE(::chmod(object.c_str(), 0644) == 0);
        std::fstream(object, std::ios::in | std::ios::out).put('!');
        REQUIRE(::chmod(object.c_str(), 0444) == 0);
    }
    SECTION("others may write it") {
        REQUIRE(::chmod(object.c_str(), 0666) == 0);
    }
    const auto again = world.import();
    REQUIRE(again);
    CHECK(again->reused == again->files - 1);
    CHECK((text_in(object) == text_in(world.source("large"))));  // too large to be shown
    CHECK(is_clean(world));
}

TEST_CASE("import: an object with links enough is copied instead, once for many",
          "[store][import]") {
    const StoreWorld world;
    world.file("agent", "agent", 0755);
    for (int i = 0; i < 9; ++i)
        world.file("same-" + std::to_string(i), "same", 0644);
    const std::string envelope = envelope_of(world.manifest());
    ImportOptions options;
    options.max_links = 4;
    const auto imported = world.import(envelope, options);
    REQUIRE(imported);
    const std::string view = path_of_view(world, imported->manifest);
    std::set<ino_t> inodes;
    for (int i = 0; i < 9; ++i) {
        const auto status = look(view + "/same-" + std::to_string(i));
        CHECK(status.st_nlink <= 4);
        CHECK((status.st_mode & 07777U) == 0444);
        inodes.insert(status.st_ino);
    }
    // The object and three of the view, then four, then two.
    CHECK(inodes.size() == 3);
    CHECK(is_clean(world));

    // With room for one more of each, nothing is copied.
    const StoreWorld other;
    other.file("agent", "agent", 0755);
    for (int i = 0; i < 3; ++i)
        other.file("same-" + std::to_string(i), "same", 0644);
    const auto fits = other.import(envelope_of(other.manifest()), options);
    REQUIRE(fits);
    CHECK(look(path_of_view(other, fits->manifest) + "/same-2").st_nlink == 4);
}

TEST_CASE("import: many files, by several threads, are all there", "[store][import]") {
    const StoreWorld world;
    world.file("agent", "agent", 0755);
    for (int i = 0; i < 500; ++i)
        world.file("f" + std::to_string(i), std::to_string(i % 400), 0644);
    ImportOptions options;
    options.threads = 4;
    const auto imported = world.import(envelope_of(world.manifest()), options);
    REQUIRE(imported);
    CHECK(imported->files == 501);
    CHECK(is_clean(world));
}

TEST_CASE("store: lists what was imported", "[store]") {
    const StoreWorld world;
    world.fill();
    REQUIRE(world.folders_for(Use::write));
    REQUIRE(world.opened().list());
    CHECK(world.opened().list()->empty());
    const auto before = ::time(nullptr);
    const auto imported = world.import();
    REQUIRE(imported);
    const auto list = world.opened().list();
    REQUIRE(list);
    REQUIRE(list->size() == 1);
    const auto& stored = list->front();
    CHECK(stored.name == "bot");
    CHECK(stored.version == 1);
    CHECK(stored.not_after == 2'000'000'000);
    CHECK(stored.digest == imported->manifest);
    CHECK(stored.root == imported->root);
    CHECK(stored.files == imported->files);
    CHECK(stored.bytes == imported->bytes);
    CHECK(stored.imported >= before - 1);
}
