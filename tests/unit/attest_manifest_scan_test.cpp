// Directories as trees: nothing left out, nothing followed, nothing that moved.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "attest/manifest/scan.h"
#include "core/crypto/digest.h"
#include "holdfast/descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::attest;
namespace fs = std::filesystem;

namespace {

class World {
  public:
    World() {
        directory("app");
        file("app/main.py", "print()", 0644);
        directory("bin");
        file("bin/run",
             "\x7f"
             "ELF",
             0755);
        fs::create_symlink("run", at("bin/again"));
    }
    std::string at(const std::string& path) const { return directory_.file(path); }
    void directory(const std::string& path) const {
        fs::create_directory(at(path));
        REQUIRE(::chmod(at(path).c_str(), 0755) == 0);
    }
    void file(const std::string& path, const std::string& text, mode_t mode) const {
        std::ofstream(at(path), std::ios::binary) << text;
        REQUIRE(::chmod(at(path).c_str(), mode) == 0);
    }
    Result<Tree> scan(std::function<void(const ScanProgress&)> progress = {}) const {
        return scan_tree(directory_.path(), {.threads = 1, .progress = std::move(progress)});
    }
    // What the refusal says; each must name its path.
    std::string refusal(const std::string& path) const {
        const auto tree = scan();
        if (tree) return "accepted";
        INFO(tree.error().text());
        CHECK(tree.error().code() == Code::invalid);
        CHECK(tree.error().text().find(path) != std::string::npos);
        return tree.error().text();
    }

  private:
    tests::TemporaryDirectory directory_;
};

bool says(const std::string& text, std::string_view words) {
    INFO(text);
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("scan: every file, directory and link, with mode, size and digest",
          "[attest][manifest]") {
    const World world;
    const auto tree = world.scan();
    REQUIRE(tree);
    const auto digest = [](std::string_view text) { return crypto::sha256(view_of(text)); };
    CHECK(*tree == Tree{{"app", EntryType::directory, 0755, 0, {}, {}},
                        {"app/main.py", EntryType::file, 0644, 7, digest("print()"), {}},
                        {"bin", EntryType::directory, 0755, 0, {}, {}},
                        {"bin/again", EntryType::link, 0, 0, digest("run"), "run"},
                        {"bin/run",
                         EntryType::file,
                         0755,
                         4,
                         digest("\x7f"
                                "ELF"),
                         {}}});
}

TEST_CASE("scan: there are no ignore rules", "[attest][manifest]") {
    const World world;
    world.file(".gitignore", "*", 0644);
    world.directory(".git");
    world.file(".git/config", "", 0600);
    world.directory("__pycache__");
    world.file("__pycache__/main.pyc", "x", 0644);
    world.directory("empty");
    const auto tree = world.scan();
    REQUIRE(tree);
    CHECK(tree->size() == 5 + 6);
}

TEST_CASE("scan: many threads see the same tree as one", "[attest][manifest]") {
    const World world;
    for (int i = 0; i < 1000; ++i)
        world.file("app/" + std::to_string(i), std::string(static_cast<std::size_t>(i) * 400, 'x'),
                   0644);
    const auto alone = world.scan();
    const std::string path = world.at("");
    const auto together = scan_tree(path, {.threads = 16, .progress = {}});
    const auto as_many_as_cores = scan_tree(path, {});
    REQUIRE(alone);
    REQUIRE(together);
    REQUIRE(as_many_as_cores);
    CHECK(*alone == *together);
    CHECK(*alone == *as_many_as_cores);
    CHECK(check_tree(*alone));
}

TEST_CASE("scan: set-id files, pipes and sockets are refused by path", "[attest][manifest]") {
    SECTION("set-user-id") {
        const World world;
        world.file("bin/su", "x", 04755);
        CHECK(says(world.refusal("bin/su"), "set-id"));
    }
    SECTION("set-group-id") {
        const World world;
        world.file("bin/write", "x", 02755);
        CHECK(says(world.refusal("bin/write"), "set-id"));
    }
    SECTION("a pipe") {
        const World world;
        REQUIRE(::mkfifo(world.at("app/pipe").c_str(), 0600) == 0);
        CHECK(says(world.refusal("app/pipe"), "a pipe"));
    }
    SECTION("a socket") {
        const World world;
        const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
        sockaddr_un address = {};
        address.sun_family = AF_UNIX;
        const std::string path = world.at("s");
        REQUIRE(path.size() < sizeof address.sun_path);
        path.copy(address.sun_path, path.size());
        REQUIRE(::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                0);
        CHECK(says(world.refusal("\"s\""), "a socket"));
    }
}

TEST_CASE("scan: names that are not UTF-8 are refused by path", "[attest][manifest]") {
    const World world;
    world.file("app/caf\xe9", "x", 0644);
    CHECK(says(world.refusal("app/caf"), "not UTF-8"));
}

TEST_CASE("scan: links are never followed, and may not leave the tree", "[attest][manifest]") {
    const World world;
    SECTION("absolute") {
        fs::create_symlink("/etc/passwd", world.at("app/link"));
        CHECK(says(world.refusal("app/link"), "absolute"));
    }
    SECTION("upwards") {
        fs::create_symlink("../../etc/passwd", world.at("app/link"));
        CHECK(says(world.refusal("app/link"), "leaves the tree"));
    }
    SECTION("to a directory inside") {
        fs::create_symlink("bin", world.at("other"));
        const auto tree = world.scan();
        REQUIRE(tree);
        CHECK(tree->size() == 6);
        CHECK(tree->back().target == "bin");
    }
}

TEST_CASE("scan: depth is bounded, at the bound and one past it", "[attest][manifest]") {
    const World world;
    std::string path = "d";
    for (std::size_t level = 1; level <= max_tree_depth; ++level) {
        world.directory(path);
        path += "/d";
    }
    CHECK(world.scan());
    world.directory(path);
    CHECK(says(world.refusal("d/d"), "64 levels"));
}

TEST_CASE("scan: a tree that does not stand still has no manifest", "[attest][manifest]") {
    const World world;
    // Called when app/main.py is hashed and bin/run is not.
    const auto while_hashing = [&](auto change) {
        bool changed = false;
        return world.scan([&](const ScanProgress&) {
            if (!changed) change();
            changed = true;
        });
    };
    SECTION("nothing happens") {
        CHECK(while_hashing([] {}));
    }
    SECTION("a file is written that is still to be read") {
        const auto tree = while_hashing([&] { world.file("bin/run", "evil", 0755); });
        REQUIRE_FALSE(tree);
        CHECK(says(tree.error().text(), "\"bin/run\": changed since it was listed"));
    }
    SECTION("a link comes in its place") {
        const auto tree = while_hashing([&] {
            fs::remove(world.at("bin/run"));
            fs::create_symlink("../app/main.py", world.at("bin/run"));
        });
        REQUIRE_FALSE(tree);
        CHECK(says(tree.error().text(), "bin/run"));
    }
    SECTION("its directory is exchanged for a link to another one") {
        fs::create_directory(world.at("evil"));
        const auto tree = while_hashing([&] {
            fs::rename(world.at("bin"), world.at("moved"));
            fs::create_symlink("moved", world.at("bin"));
        });
        REQUIRE_FALSE(tree);
        CHECK(says(tree.error().text(), "bin/run"));
    }
    SECTION("a file comes where all have been listed") {
        const auto tree = while_hashing([&] { world.file("app/new.py", "x", 0644); });
        REQUIRE_FALSE(tree);
        CHECK(says(tree.error().text(), "\"app\": changed"));
    }
    SECTION("a file comes to the top") {
        const auto tree = while_hashing([&] { world.file("new.py", "x", 0644); });
        REQUIRE_FALSE(tree);
        CHECK(says(tree.error().text(), "the directory: changed"));
    }
}

TEST_CASE("scan: progress counts every file and byte", "[attest][manifest]") {
    const World world;
    ScanProgress last;
    REQUIRE(world.scan([&](const ScanProgress& progress) { last = progress; }));
    CHECK(last.files == 2);
    CHECK(last.all_files == 2);
    CHECK(last.bytes == 11);
    CHECK(last.all_bytes == 11);
}

TEST_CASE("scan: what is no directory, or cannot be read, is an error", "[attest][manifest]") {
    const World world;
    CHECK_FALSE(scan_tree(world.at("nowhere"), {}));
    CHECK_FALSE(scan_tree(world.at("bin/run"), {}));
}

TEST_CASE("scan: a single file is hashed if it is one and stands still", "[attest][manifest]") {
    const World world;
    CHECK(*hash_still_file(world.at("bin/again")) == crypto::sha256(view_of("\x7f"
                                                                            "ELF")));
    CHECK_FALSE(hash_still_file(world.at("bin")));
    CHECK_FALSE(hash_still_file(world.at("nowhere")));
    CHECK_FALSE(hash_still_file("/dev/null"));
    // The kernel says it has no bytes, and then gives some.
    CHECK_FALSE(hash_still_file("/proc/self/status"));
    world.file("empty", "", 0644);
    CHECK(*hash_still_file(world.at("empty")) == crypto::sha256(ByteView{}));
}
