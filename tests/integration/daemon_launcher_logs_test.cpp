// AgentLog: what an agent prints, in a file of bounded size.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "daemon/launcher/logs.h"
#include "tests/support/catch.h"
#include "tests/support/child.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using daemon::AgentLog;

namespace {

constexpr std::uint64_t bound = 8;

struct Printing : tests::TemporaryDirectory {
    Printing() { (void)::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK); }
    Result<AgentLog> open(std::uint64_t at_most = bound) const {
        return AgentLog::open(name, ::getegid(), at_most);
    }
    void print(AgentLog& log, const std::string& text) const {
        REQUIRE(::write(pipe.write.get(), text.data(), text.size()) ==
                static_cast<ssize_t>(text.size()));
        CHECK(log.take_from(pipe.read.get()));
    }
    std::string text(const std::string& suffix = "") const {
        std::ifstream stream(name + suffix);
        return {std::istreambuf_iterator<char>(stream), {}};
    }

    std::string name = file("bot.log");
    test::Pipe pipe;
};

}  // namespace

TEST_CASE("agent log: it holds its bound, and one byte more begins another file",
          "[daemon][launcher]") {
    const Printing printing;
    auto log = printing.open();
    REQUIRE(log);
    printing.print(*log, "12345");
    printing.print(*log, "678");
    CHECK(printing.text() == "12345678");
    CHECK(printing.text(".1").empty());
    printing.print(*log, "9");
    CHECK(printing.text() == "9");
    CHECK(printing.text(".1") == "12345678");
    // The one before the last is gone.
    printing.print(*log, "abcdefgh");
    CHECK(printing.text() == "abcdefgh");
    CHECK(printing.text(".1") == "9");
}

TEST_CASE("agent log: what was there before counts", "[daemon][launcher]") {
    const Printing printing;
    std::ofstream(printing.name) << "1234567";
    auto log = printing.open();
    REQUIRE(log);
    printing.print(*log, "89");
    CHECK(printing.text() == "89");
    CHECK(printing.text(".1") == "1234567");
}

TEST_CASE(
    "agent log: where it cannot begin another file it loses what is printed, and stays bounded",
    "[daemon][launcher]") {
    const Printing printing;
    auto log = printing.open();
    REQUIRE(log);
    printing.print(*log, "12345678");
    SECTION("the old one cannot be put aside") {
        std::filesystem::create_directory(printing.name + ".1");
        std::ofstream(printing.name + ".1/file");
        printing.print(*log, "9");
        printing.print(*log, "0");
        CHECK(printing.text() == "12345678");
    }
    SECTION("its folder is gone") {
        const Descriptor still(::open(printing.name.c_str(), O_RDONLY | O_CLOEXEC));
        std::filesystem::remove_all(printing.path());
        printing.print(*log, "9");
        printing.print(*log, "0");
        struct stat facts{};
        REQUIRE(::fstat(still.get(), &facts) == 0);
        CHECK(facts.st_size == static_cast<off_t>(bound));
    }
}

TEST_CASE("agent log: only a regular file of this very name is written", "[daemon][launcher]") {
    const Printing printing;
    const std::string elsewhere = printing.file("elsewhere");
    std::ofstream(elsewhere) << "precious";
    REQUIRE(::symlink(elsewhere.c_str(), printing.name.c_str()) == 0);
    CHECK_FALSE(printing.open());
    REQUIRE(::unlink(printing.name.c_str()) == 0);
    REQUIRE(::mkfifo(printing.name.c_str(), 0600) == 0);
    CHECK_FALSE(printing.open());
    REQUIRE(::unlink(printing.name.c_str()) == 0);
    REQUIRE(::mkdir(printing.name.c_str(), 0700) == 0);
    CHECK_FALSE(printing.open());
    std::ifstream stream(elsewhere);
    CHECK(std::string(std::istreambuf_iterator<char>(stream), {}) == "precious");
}

TEST_CASE("agent log: its readers' group may read it, others may not, whatever the umask",
          "[daemon][launcher]") {
    const Printing printing;
    const mode_t before = ::umask(0);
    auto log = AgentLog::open(printing.name, ::getegid(), bound);
    REQUIRE(log);
    (void)::umask(0777);
    printing.print(*log, "12345678");
    printing.print(*log, "9");
    (void)::umask(before);
    for (const char* suffix : {"", ".1"}) {
        struct stat facts{};
        REQUIRE(::stat((printing.name + suffix).c_str(), &facts) == 0);
        CHECK((facts.st_mode & 07777U) == 0640);
        CHECK(facts.st_gid == ::getegid());
    }
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to give a group a file");
    REQUIRE(AgentLog::open(printing.name, 20005, bound));
    struct stat facts{};
    REQUIRE(::stat(printing.name.c_str(), &facts) == 0);
    CHECK(facts.st_gid == 20005);
    CHECK(facts.st_uid == 0);
}

TEST_CASE("agent log: a pipe is open until nobody can print into it", "[daemon][launcher]") {
    Printing printing;
    auto log = printing.open();
    REQUIRE(log);
    CHECK(log->take_from(printing.pipe.read.get()));  // nothing right now
    printing.print(*log, "last");
    printing.pipe.write = Descriptor();
    CHECK_FALSE(log->take_from(printing.pipe.read.get()));
    CHECK(printing.text() == "last");
}

TEST_CASE("agent log: one that prints without end is taken a piece at a time",
          "[daemon][launcher]") {
    const Printing printing;
    REQUIRE(::fcntl(printing.pipe.write.get(), F_SETPIPE_SZ, 128 * 1024) >= 128 * 1024);
    auto log = printing.open(1 << 20);
    REQUIRE(log);
    const std::string much(100UL * 1024, 'x');
    printing.print(*log, much);
    CHECK(printing.text().size() == 64UL * 1024);
    CHECK(log->take_from(printing.pipe.read.get()));
    CHECK(printing.text().size() == much.size());
}
