#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "daemon/pin_file.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using holdfast::tests::TemporaryDirectory;
using namespace holdfast;
using namespace holdfast::daemon;

namespace {

struct Pin {
    TemporaryDirectory folder;
    std::string path = folder.file("pin");

    explicit Pin(const std::string& text = "1234\n") { write(text); }
    void write(const std::string& text) const {
        std::ofstream(path) << text;
        REQUIRE(::chmod(path.c_str(), 0600) == 0);
    }
    Result<Descriptor> open() const { return open_pin_file(path, std::nullopt); }
    std::string problem() const {
        const auto file = open();
        return file ? "opened" : file.error().text();
    }
};

bool mentions(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("PIN file: is opened to be read, and closed in other programs", "[daemon][pin]") {
    const Pin pin;
    const auto file = pin.open();
    REQUIRE(file);
    std::string text(16, '\0');
    const auto size = ::read(file->get(), text.data(), text.size());
    CHECK(text.substr(0, static_cast<std::size_t>(size)) == "1234\n");
    CHECK((::fcntl(file->get(), F_GETFD) & FD_CLOEXEC) != 0);
}

TEST_CASE("PIN file: one that others may read or write is not used", "[daemon][pin]") {
    const Pin pin;
    for (const mode_t mode : {0640U, 0620U, 0610U, 0604U, 0602U, 0601U}) {
        REQUIRE(::chmod(pin.path.c_str(), mode) == 0);
        CHECK(mentions(pin.problem(), "is open to its group or to others: chmod 0600"));
    }
    REQUIRE(::chmod(pin.path.c_str(), 0400) == 0);
    CHECK(pin.problem() == "opened");
}

TEST_CASE("PIN file: belongs to root, to the keys worker's user, or to us", "[daemon][pin]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root");
    const Pin pin;
    constexpr uid_t keys_user = 2;
    REQUIRE(::chown(pin.path.c_str(), keys_user, 0) == 0);
    CHECK(mentions(pin.problem(), "must belong to root or to the user of the keys worker"));
    CHECK(open_pin_file(pin.path, keys_user));
    CHECK_FALSE(open_pin_file(pin.path, keys_user + 1));
}

TEST_CASE("PIN file: is a file, reached by its own name", "[daemon][pin]") {
    const Pin pin;
    const std::string link = pin.folder.file("link");
    std::filesystem::create_symlink(pin.path, link);
    CHECK_FALSE(open_pin_file(link, std::nullopt));
    CHECK_FALSE(open_pin_file(pin.folder.path(), std::nullopt));
    const std::string pipe = pin.folder.file("pipe");
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const auto refused = open_pin_file(pipe, std::nullopt);  // and nobody waits for its writer
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    const auto absent = open_pin_file(pin.folder.file("absent"), std::nullopt);
    REQUIRE_FALSE(absent);
    CHECK(absent.error().code() == Code::not_found);
}

TEST_CASE("PIN file: holds 1 to 256 bytes", "[daemon][pin]") {
    const Pin pin("");
    CHECK(mentions(pin.problem(), "must hold 1 to 256 bytes"));
    pin.write("1");
    CHECK(pin.problem() == "opened");
    pin.write(std::string(max_pin_file, '1'));
    CHECK(pin.problem() == "opened");
    pin.write(std::string(max_pin_file + 1, '1'));
    CHECK(mentions(pin.problem(), "must hold 1 to 256 bytes"));
}

TEST_CASE("PIN file: a credential is looked for where the service manager put it",
          "[daemon][pin]") {
    const Pin pin;
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
    const auto without = open_pin_file("credential:pin", std::nullopt);
    REQUIRE_FALSE(without);
    CHECK(mentions(without.error().text(), "LoadCredential="));
    REQUIRE(::setenv("CREDENTIALS_DIRECTORY", pin.folder.path().c_str(), 1) == 0);
    CHECK(open_pin_file("credential:pin", std::nullopt));
    CHECK_FALSE(open_pin_file("credential:other", std::nullopt));
    CHECK_FALSE(open_pin_file("credential:../pin", std::nullopt));
    REQUIRE(::setenv("CREDENTIALS_DIRECTORY", "relative", 1) == 0);
    CHECK_FALSE(open_pin_file("credential:pin", std::nullopt));
    REQUIRE(::unsetenv("CREDENTIALS_DIRECTORY") == 0);
}
