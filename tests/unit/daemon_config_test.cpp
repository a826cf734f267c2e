#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "daemon/config.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using holdfast::Code;
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
    void drop_in(const std::string& name, const std::string& text) const {
        std::filesystem::create_directory(path + ".d");
        write_file(path + ".d/" + name, text);
    }
    std::string error() const {
        const auto settings = read_settings(path, nullptr);
        return settings ? "" : settings.error().text();
    }
};

const std::string minimal = "[tpm]\ntcti = device:/dev/tpmrm0\n";

}  // namespace

TEST_CASE("config: a TCTI is all an operator must write", "[daemon][config]") {
    const ConfigFile file("[host]\nname = web1\n" + minimal);
    const auto settings = read_settings(file.path, nullptr);
    REQUIRE(settings);
    CHECK(settings->tpm_tcti == "device:/dev/tpmrm0");
    CHECK_FALSE(settings->tpm_simulator_allowed);
    CHECK_FALSE(settings->dev);
    CHECK(settings->state_dir == "/var/lib/holdfast");
    CHECK(settings->trust_domain() == "web1.local.internal");
    CHECK(settings->reinstate_by == "another");
}

TEST_CASE("config: the store is in the state directory, unless it is told where",
          "[daemon][config]") {
    const auto store_with = [](const std::string& text) {
        const ConfigFile file("[host]\nname = web1\n" + minimal + text);
        const auto settings = read_settings(file.path, nullptr);
        return settings ? settings->store_dir : settings.error().text();
    };
    CHECK(store_with("") == "/var/lib/holdfast/store");
    CHECK(store_with("[paths]\nstate = /srv/state\n") == "/srv/state/store");
    CHECK(store_with("[paths]\nstate = /srv/state\nstore = /srv/store\n") == "/srv/store");
    CHECK(store_with("[paths]\nstore = srv\n").find("must be an absolute path") !=
          std::string::npos);
    CHECK(dev_settings("/tmp/dev").store_dir == "/tmp/dev/store");
}

TEST_CASE("config: no TCTI, no start", "[daemon][config]") {
    const ConfigFile file("[host]\nname = web1\n");
    CHECK(file.error().find("tpm.tcti: must be set") != std::string::npos);
}

TEST_CASE("config: an unknown key is named with its file and line", "[daemon][config]") {
    const ConfigFile file("# settings\n" + minimal + "\n[limits]\nconections = 5\n");
    CHECK(file.error() == file.path + ":6: unknown setting 'limits.conections'");
}

TEST_CASE("config: what is no setting at all is named with its line", "[daemon][config]") {
    const ConfigFile file(minimal + "simulator\n");
    CHECK(file.error() == file.path + ":3: neither [section] nor key = value");
}

TEST_CASE("config: a section's name has one spelling and is not empty", "[daemon][config]") {
    for (const char* section : {"[host.]", "[]", "[.]"}) {
        const ConfigFile file(minimal + section + "\nname = web1\n");
        INFO(section);
        CHECK(file.error() == file.path + ":3: neither [section] nor key = value");
    }
}

TEST_CASE("config: a key set twice in one file is refused at its second line", "[daemon][config]") {
    const ConfigFile file(minimal + "tcti = swtpm:path=/run/x\n");
    CHECK(file.error() == file.path + ":3: tpm.tcti is set twice");
}

TEST_CASE("config: drop-ins win in order of their names, and origins say so", "[daemon][config]") {
    const ConfigFile file("[host]\nname = first\ndomain = a.example\n" + minimal);
    file.drop_in("20-b.conf", "[host]\nname = third\n");
    file.drop_in("10-a.conf", "[host]\nname = second\n\n[limits]\nconnections = 100\n");
    file.drop_in("ignored.txt", "[host]\nname = never\n");
    Origins origins;
    const auto settings = read_settings(file.path, &origins);
    REQUIRE(settings);
    CHECK(settings->host_name == "third");
    CHECK(settings->host_domain == "a.example");
    CHECK(settings->max_connections == 100);
    CHECK(origins.at("host.name") == file.path + ".d/20-b.conf:2");
    CHECK(origins.at("limits.connections") == file.path + ".d/10-a.conf:5");
    CHECK(origins.at("host.domain") == file.path + ":3");
    CHECK(origins.at("paths.state") == "default");
}

TEST_CASE("config: a file its group or others may write is refused", "[daemon][config]") {
    const ConfigFile file(minimal);
    for (const mode_t mode : {0620U, 0602U}) {
        REQUIRE(::chmod(file.path.c_str(), mode) == 0);
        CHECK(file.error().find("may be written by") != std::string::npos);
    }
    file.drop_in("10.conf", "");
    REQUIRE(::chmod(file.path.c_str(), owner_only) == 0);
    CHECK(file.error().empty());
    REQUIRE(::chmod((file.path + ".d/10.conf").c_str(), 0666) == 0);
    CHECK(file.error().find("may be written by") != std::string::npos);
}

TEST_CASE("config: numbers hold at their bounds and fail one past them", "[daemon][config]") {
    const auto with = [](const std::string& text) { return ConfigFile(minimal + text).error(); };
    CHECK(with("[limits]\nconnections = 8\nconnections_per_uid = 8\n").empty());
    CHECK(with("[limits]\nconnections = 65536\n").empty());
    CHECK(with("[limits]\nconnections = 65537\n").find("8 to 65536") != std::string::npos);
    CHECK(with("[limits]\nconnections = 7\nconnections_per_uid = 1\n").find("8 to 65536") !=
          std::string::npos);
    CHECK(with("[limits]\nconnections = 8\nconnections_per_uid = 9\n").find("per_uid") !=
          std::string::npos);
    CHECK(with("[limits]\nconnections_per_uid = 0\n").find("per_uid") != std::string::npos);
    CHECK(
        with("[limits]\nconnections = 12x\n").find(":4: limits.connections: must be an integer") !=
        std::string::npos);
    CHECK(with("nv_base = 0x1800000\n").empty());
    CHECK(with("nv_base = 0x17fffff\n").find("tpm.nv_base") != std::string::npos);
    CHECK(with("nv_base = 0x1bf0000\n").empty());
    CHECK(with("nv_base = 0x1bf0001\n").find("tpm.nv_base") != std::string::npos);
    // PCR 0 to 7 are the firmware's; 16 and above can be reset while the system runs.
    for (const char* pcr : {"8", "15"})
        CHECK(with("[register]\nanchor_pcr = " + std::string(pcr) + "\n").empty());
    for (const char* pcr : {"-1", "0", "7", "16", "23", "269"})
        CHECK(with("[register]\nanchor_pcr = " + std::string(pcr) + "\n")
                  .find("register.anchor_pcr: must be 8 to 15") != std::string::npos);
}

TEST_CASE("config: launched agents' uids hold at their bounds and fail one past them",
          "[daemon][config]") {
    const auto with = [](const std::string& first, const std::string& count) {
        return ConfigFile(minimal + "[launch]\nfirst_uid = " + first + "\nuids = " + count + "\n")
            .error();
    };
    const auto is_about = [](const std::string& error, const char* key) {
        return error.find(key) != std::string::npos;
    };
    // People, services and the overflow uid are below; 4294967294 and 4294967295 mean nobody.
    CHECK(with("65536", "1").empty());
    CHECK(is_about(with("65535", "1"), "launch.first_uid"));
    CHECK(with("4294967293", "1").empty());
    CHECK(is_about(with("4294967294", "1"), "launch.first_uid"));
    CHECK(is_about(with("4294967293", "2"), "launch.uids"));
    CHECK(with("4294967292", "2").empty());
    CHECK(is_about(with("65536", "0"), "launch.uids"));
    CHECK(is_about(with("65536", "-1"), "launch.uids"));
    CHECK(with("65536", "65536").empty());
    CHECK(is_about(with("65536", "65537"), "launch.uids"));
}

TEST_CASE("config: what agents print goes below an absolute path", "[daemon][config]") {
    const auto log_with = [](const std::string& text) {
        const ConfigFile file("[host]\nname = web1\n" + minimal + text);
        const auto settings = read_settings(file.path, nullptr);
        return settings ? settings->agent_log("bot") : settings.error().text();
    };
    CHECK(log_with("") == "/var/log/holdfast/bot.log");
    CHECK(log_with("[paths]\nlog = /srv/log\n") == "/srv/log/bot.log");
    CHECK(log_with("[paths]\nlog = srv\n").find("paths.log: must be an absolute path") !=
          std::string::npos);
    CHECK(dev_settings("/tmp/dev").agent_log("bot") == "/tmp/dev/log/bot.log");
    CHECK(dev_settings("/tmp/dev").agent_data("bot").ends_with("/data/bot"));
}

TEST_CASE("config: choices take their words only", "[daemon][config]") {
    const auto with = [](const std::string& text) { return ConfigFile(minimal + text).error(); };
    CHECK(with("simulator = allow\n").empty());
    CHECK(with("simulator = yes\n").find("must be allow or refuse") != std::string::npos);
    CHECK(with("[containment]\nreinstate_by = anyone\n").empty());
    CHECK(with("[containment]\nreinstate_by = me\n").find("another or anyone") !=
          std::string::npos);
}

TEST_CASE("config: a socket's path holds at 107 bytes and fails at 108", "[daemon][config]") {
    const auto with = [](std::size_t size) {
        const std::string path = "/" + std::string(size - 1, 'x');
        return ConfigFile(minimal + "[listen]\nagent_socket = " + path + "\n").error();
    };
    CHECK(with(max_socket_path).empty());
    CHECK(with(max_socket_path + 1).find("107 bytes") != std::string::npos);
}

TEST_CASE("config: three users, none of them root, none twice", "[daemon][config]") {
    const auto with = [](const std::string& text) { return ConfigFile(minimal + text).error(); };
    CHECK(with("[users]\nkeys = root\n").find("must not be root") != std::string::npos);
    CHECK(with("[users]\nkeys = holdfast\n").find("must differ") != std::string::npos);
    CHECK(with("[users]\nkeys =\n").find("users.keys: must be set") != std::string::npos);
}

TEST_CASE("config: an operator cannot set what only --dev means", "[daemon][config]") {
    const ConfigFile file(minimal + "[process]\ndev = true\n");
    CHECK(file.error() == file.path + ":4: unknown setting 'process.dev'");
}

TEST_CASE("config: the dump is read back to the same settings", "[daemon][config]") {
    const ConfigFile file("[host]\nname = web1\n" + minimal +
                          "nv_base = 0x1900000\nsimulator = allow\nowner_auth_file = /etc/a b\n"
                          "[limits]\nconnections = 99\n[register]\nanchor_pcr = 14\n"
                          "[launch]\nfirst_uid = 70000\nuids = 9\n[store]\nrecheck_s = 7\n"
                          "[approvals]\nexpire_s = 61\n"
                          "[paths]\nlog = /srv/log\noperators = /srv/operators.toml\n"
                          "[anchor]\ninterval_s = 61\n");
    const auto settings = read_settings(file.path, nullptr);
    REQUIRE(settings);
    for (const auto& original : {*settings, dev_settings("/tmp/somewhere")}) {
        std::istringstream text(dump_settings(original, nullptr));
        const auto again = parse_settings(text);
        REQUIRE(again);
        CHECK(*again == original);
    }
}

TEST_CASE("config: values that would not survive the dump are refused", "[daemon][config]") {
    auto settings = dev_settings("/tmp/somewhere");
    CHECK(check_settings(settings));
    settings.state_dir = "/tmp/a#b";
    CHECK_FALSE(check_settings(settings));
    settings.state_dir = "/tmp/a\n[tpm]";
    CHECK_FALSE(check_settings(settings));
    settings.state_dir = "/tmp/a ";
    CHECK_FALSE(check_settings(settings));
    settings.state_dir = "/" + std::string(max_setting_value, 'x');
    CHECK_FALSE(check_settings(settings));
}

TEST_CASE("config: a missing file is not found, and no default takes its place",
          "[daemon][config]") {
    const auto settings = read_settings("/nonexistent/holdfastd.conf", nullptr);
    REQUIRE_FALSE(settings);
    CHECK(settings.error().code() == Code::not_found);
}

#ifdef HOLDFAST_SOURCE_DIR
TEST_CASE("config: every setting is in holdfastd.conf(5)", "[daemon][config][docs]") {
    std::ifstream page(HOLDFAST_SOURCE_DIR "/docs/man/holdfastd.conf.5.md");
    const std::string text((std::istreambuf_iterator<char>(page)),
                           std::istreambuf_iterator<char>());
    for (const auto& name : setting_names()) {
        INFO(name);
        CHECK(text.find("**" + name + "**") != std::string::npos);
    }
}
#endif

TEST_CASE("config: a file of another user is refused", "[daemon][config]") {
    if (::geteuid() != 0) HOLDFAST_SKIP("needs root to give a file away");
    const ConfigFile file(minimal);
    REQUIRE(::chown(file.path.c_str(), 20001, 20001) == 0);
    CHECK(file.error().find("must belong to root") != std::string::npos);
}
