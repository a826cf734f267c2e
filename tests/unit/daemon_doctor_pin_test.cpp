// What `holdfast doctor` makes of the PIN file.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "daemon/doctor/pin.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::daemon;

namespace {

bool is_wrong(const Findings& findings) {
    return findings.all().size() == 1 && findings.all().front().part == "PIN file" &&
           findings.all().front().verdict == Verdict::wrong;
}

}  // namespace

TEST_CASE("doctor: a PIN file that the daemon would not hand over is wrong", "[daemon][doctor]") {
    const tests::TemporaryDirectory folder;
    Settings settings = dev_settings("/nowhere");
    settings.pkcs11_pin_file = folder.file("pin");
    const auto look = [&settings](const char* text, mode_t mode) {
        std::ofstream(settings.pkcs11_pin_file) << text;
        REQUIRE(::chmod(settings.pkcs11_pin_file.c_str(), mode) == 0);
        Findings findings;
        const Descriptor file = look_at_pin_file(settings, findings);
        CHECK(bool(file) == (findings.troubles() == 0));
        return findings;
    };
    CHECK(look("1234\n", 0600).troubles() == 0);
    const Findings open_to_all = look("1234\n", 0644);
    REQUIRE(is_wrong(open_to_all));
    CHECK(open_to_all.all().front().text.find("open to its group or to others") !=
          std::string::npos);
    CHECK(is_wrong(look("", 0600)));
    CHECK(is_wrong(look("\n", 0600)));
    CHECK(look("1", 0600).troubles() == 0);
    const std::string link = folder.file("link");
    std::filesystem::create_symlink(settings.pkcs11_pin_file, link);
    for (const auto& path : {link, folder.file("absent")}) {
        settings.pkcs11_pin_file = path;
        Findings findings;
        CHECK_FALSE(look_at_pin_file(settings, findings));
        CHECK(is_wrong(findings));
    }
}

TEST_CASE("doctor: the PIN file is known again, and not read, by who is asked",
          "[daemon][doctor]") {
    const tests::TemporaryDirectory folder;
    Settings settings = dev_settings("/nowhere");
    settings.pkcs11_pin_file = folder.file("pin");
    std::ofstream(settings.pkcs11_pin_file) << "1234\n";
    REQUIRE(::chmod(settings.pkcs11_pin_file.c_str(), 0600) == 0);
    Findings findings;
    const Descriptor file = look_at_pin_file(settings, findings);
    struct stat facts{};
    REQUIRE(::fstat(file.get(), &facts) == 0);
    CHECK(facts.st_size == 5);
    char byte = 0;
    CHECK(::pread(file.get(), &byte, 1, 0) == -1);
}

TEST_CASE("doctor: a PIN that only the unit has was not seen, and no PIN file is no trouble here",
          "[daemon][doctor]") {
    Settings settings = dev_settings("/nowhere");
    settings.pkcs11_pin_file = "credential:pin";
    Findings findings;
    CHECK_FALSE(look_at_pin_file(settings, findings));
    REQUIRE(findings.all().size() == 1);
    CHECK(findings.all().front().verdict == Verdict::unseen);
    settings.pkcs11_pin_file.clear();
    Findings none;
    CHECK_FALSE(look_at_pin_file(settings, none));
    CHECK(none.all().empty());
}
