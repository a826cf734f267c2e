// Settings that are times, each with its bounds; and those that need each other.
#include <sys/stat.h>

#include <fstream>

#include "daemon/config.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using holdfast::tests::TemporaryDirectory;
using namespace holdfast::daemon;

namespace {

constexpr mode_t owner_only = 0600;

void write_file(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    REQUIRE(::chmod(path.c_str(), owner_only) == 0);
}

struct ConfigFile {
    TemporaryDirectory folder;
    std::string path = folder.file("holdfastd.conf");

    explicit ConfigFile(const std::string& text) { write_file(path, text); }
    std::string error() const {
        const auto settings = read_settings(path, nullptr);
        return settings ? "" : settings.error().text();
    }
};

const std::string minimal = "[tpm]\ntcti = device:/dev/tpmrm0\n";

}  // namespace

TEST_CASE("config: whole trees are read again each 5 seconds to an hour", "[daemon][config]") {
    const auto with = [](const std::string& seconds) {
        return ConfigFile(minimal + "[store]\nrecheck_s = " + seconds + "\n").error();
    };
    CHECK(with("5").empty());
    CHECK(with("3600").empty());
    for (const char* wrong : {"4", "3601", "0", "-5"})
        CHECK(with(wrong).find("store.recheck_s: must be 5 to 3600") != std::string::npos);
}

TEST_CASE("config: an approval is good for a minute to a day, 15 minutes unless said otherwise",
          "[daemon][config]") {
    const auto with = [](const std::string& seconds) {
        return ConfigFile(minimal + "[approvals]\nexpire_s = " + seconds + "\n").error();
    };
    CHECK(with("60").empty());
    CHECK(with("86400").empty());
    for (const char* wrong : {"59", "86401", "0", "-60"})
        CHECK(with(wrong).find("approvals.expire_s: must be 60 to 86400") != std::string::npos);
    CHECK(dev_settings("/tmp/dev").approvals_expire_s == 900);
    CHECK(dev_settings("/tmp/dev").operators_file == "/tmp/dev/operators.toml");
    CHECK(ConfigFile(minimal + "[paths]\noperators = o.toml\n")
              .error()
              .find("paths.operators: must be an absolute path") != std::string::npos);
}

TEST_CASE("config: the anchor counter is advanced never, or each minute to a week",
          "[daemon][config][anchor]") {
    const auto with = [](const std::string& seconds) {
        return ConfigFile(minimal + "[anchor]\ninterval_s = " + seconds + "\n").error();
    };
    for (const char* right : {"0", "60", "604800"})
        CHECK(with(right).empty());
    for (const char* wrong : {"59", "1", "604801", "-1"})
        CHECK(with(wrong).find("anchor.interval_s: must be 60 to 604800, or 0") !=
              std::string::npos);
    CHECK(dev_settings("/tmp/dev").anchor_interval_s == 3600);
}

TEST_CASE("config: security events have an issuer, an audience and keys, or nothing",
          "[daemon][config]") {
    const auto with = [](const std::string& lines) {
        return ConfigFile(minimal + "[security_events]\n" + lines).error();
    };
    const std::string issuer = "issuer = https://idp.example\n";
    const std::string audience = "audience = https://host.test\n";
    const std::string keys = "keys = /etc/holdfast/idp.json\n";
    CHECK(with("").empty());
    CHECK(with(issuer + audience + keys).empty());
    CHECK(with(audience + keys).find("security_events.issuer: must be set") != std::string::npos);
    CHECK(with(keys).find("security_events.issuer: must be set") != std::string::npos);
    CHECK(with(issuer + keys).find("security_events.audience: must be set") != std::string::npos);
    CHECK(with(issuer + audience).find("security_events.keys") != std::string::npos);
    CHECK(with(issuer + audience + "keys = idp.json\n").find("security_events.keys: must be an") !=
          std::string::npos);
}
