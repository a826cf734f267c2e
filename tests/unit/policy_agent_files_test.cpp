#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "policy/agent_file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

// A whole file with what differs between two agents.
std::string file_of(const std::string& name, std::size_t uid) {
    return "name = \"" + name +
           "\"\n"
           "[accountability]\n"
           "sponsor = \"s\"\nowner = \"o\"\npolicy_author = \"p\"\ncan_stop = [\"c\"]\n"
           "[recognise]\nuid = " +
           std::to_string(uid) + "\nexecutable_sha256 = \"" + std::string(64, 'a') + "\"\n";
}

struct Directory : tests::TemporaryDirectory {
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(file(name)) << text;
    }
};

}  // namespace

TEST_CASE("agent files: a directory is read by name, other files are left alone", "[policy]") {
    const Directory directory;
    directory.write("b.toml", file_of("b", 2));
    directory.write("a.toml", file_of("a", 1));
    directory.write(".a.toml", "not toml");
    directory.write("a.toml~", "not toml");
    const auto agents = read_agent_files(directory.path());
    REQUIRE(agents);
    REQUIRE(agents->size() == 2);
    CHECK(agents->begin()->first == "a");
    CHECK(agents->at("b").uid == 2);
    CHECK(read_agent_files(directory.file("none")).error().code() == Code::unavailable);
}

TEST_CASE("agent files: one process must not be two agents", "[policy]") {
    const Directory directory;
    directory.write("a.toml", file_of("a", 7));
    directory.write("b.toml", "# moved down by a line\n" + file_of("b", 7));
    CHECK(read_agent_files(directory.path()).error().text() ==
          "b.toml:8: recognise: the same user and executable as in a.toml:7");
}

TEST_CASE("agent files: one bad file names itself", "[policy]") {
    const Directory directory;
    directory.write("a.toml", file_of("a", 1));
    directory.write("b.toml", file_of("c", 2));
    CHECK(read_agent_files(directory.path()).error().text() ==
          "b.toml:1: name: must equal the file's name");
    directory.write("b.toml", std::string(max_agent_file + 10, '#'));
    CHECK(read_agent_files(directory.path()).error().text().find("longer than") !=
          std::string::npos);
}

TEST_CASE("agent files: what others may write declares nobody", "[policy]") {
    const Directory directory;
    directory.write("a.toml", file_of("a", 1));
    const auto mode = [&](mode_t of_directory, mode_t of_file) {
        REQUIRE(::chmod(directory.path().c_str(), of_directory) == 0);
        REQUIRE(::chmod(directory.file("a.toml").c_str(), of_file) == 0);
        const auto agents = read_agent_files(directory.path());
        return agents ? "" : agents.error().text();
    };
    CHECK(mode(0755, 0644).empty());
    CHECK(mode(0755, 0646) == "a.toml:1: may be written by everybody");
    CHECK(mode(0755, 0664) == "a.toml:1: may be written by its group");
    CHECK(mode(0757, 0644) == directory.path() + ": may be written by everybody");
    CHECK(mode(01777, 0644) == directory.path() + ": may be written by everybody");
    CHECK(mode(0775, 0644) == directory.path() + ": may be written by its group");
}

TEST_CASE("agent files: what another user owns declares nobody", "[policy]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to give files away");
    const Directory directory;
    directory.write("a.toml", file_of("a", 1));
    REQUIRE(::chown(directory.file("a.toml").c_str(), 4711, 0) == 0);
    CHECK(read_agent_files(directory.path()).error().text() ==
          "a.toml:1: belongs to uid 4711 and should belong to root");
    REQUIRE(::chown(directory.file("a.toml").c_str(), 0, 4711) == 0);
    CHECK(read_agent_files(directory.path()));
    REQUIRE(::chown(directory.path().c_str(), 4711, 0) == 0);
    CHECK(read_agent_files(directory.path()).error().text() ==
          directory.path() + ": belongs to uid 4711 and should belong to root");
}

TEST_CASE("agent files: what is no regular file declares nobody", "[policy]") {
    const Directory directory;
    REQUIRE(::mkfifo(directory.file("b.toml").c_str(), 0600) == 0);
    CHECK(read_agent_files(directory.path()).error().text() == "b.toml:1: not a regular file");
}

TEST_CASE("agent files: 1024 agents and not one more", "[policy]") {
    const Directory directory;
    for (std::size_t i = 0; i < max_agents; ++i) {
        const std::string name = "a" + std::to_string(i);
        directory.write(name + ".toml", file_of(name, i));
    }
    CHECK(read_agent_files(directory.path())->size() == max_agents);
    directory.write("z.toml", file_of("z", 5000));
    CHECK(read_agent_files(directory.path()).error().text().find("more than 1024") !=
          std::string::npos);
}
