// The settings of a host with a PKCS#11 token, and of one without a TPM.
#include <sys/stat.h>

#include <fstream>

#include "daemon/config.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

using holdfast::tests::TemporaryDirectory;
using namespace holdfast::daemon;

namespace {

const std::string tpm = "[tpm]\ntcti = device:/dev/tpmrm0\n";
const std::string no_tpm = "[tpm]\ntcti = none\n";
const std::string token = "[pkcs11]\nmodule = /usr/lib/vendor.so\ntoken = pkcs11:token=agents\n";
const std::string keys_in_token = "[host]\nname = web1\nkeys = pkcs11\n";

void write(const std::string& path, const std::string& text) {
    std::ofstream(path) << text;
    REQUIRE(::chmod(path.c_str(), 0600) == 0);
}

std::string problem(const std::string& text) {
    const TemporaryDirectory folder;
    const std::string path = folder.file("holdfastd.conf");
    const bool is_named = text.find("[host]") != std::string::npos;
    write(path, is_named ? text : "[host]\nname = web1\n" + text);
    const auto settings = read_settings(path, nullptr);
    return settings ? "accepted" : settings.error().text();
}

bool names(const std::string& problem, const char* setting) {
    return problem.find(setting) != std::string::npos;
}

}  // namespace

TEST_CASE("config: something must keep the host's own keys", "[daemon][config][pkcs11]") {
    CHECK(problem(tpm) == "accepted");
    CHECK(problem(tpm + token) == "accepted");
    CHECK(problem(tpm + token + keys_in_token) == "accepted");
    CHECK(problem(no_tpm + token + keys_in_token) == "accepted");
    CHECK(names(problem(no_tpm), "host.keys: must be pkcs11 where tpm.tcti is none"));
    CHECK(names(problem(no_tpm + token), "host.keys: must be pkcs11 where tpm.tcti is none"));
    CHECK(names(problem(tpm + keys_in_token), "host.keys: pkcs11 needs pkcs11.module"));
    CHECK(names(problem(no_tpm + keys_in_token), "host.keys: pkcs11 needs pkcs11.module"));
    CHECK(names(problem(tpm + "[host]\nname = a\nkeys = file\n"), "must be tpm or pkcs11"));
}

TEST_CASE("config: a module is a path and has a token", "[daemon][config][pkcs11]") {
    CHECK(names(problem(tpm + "[pkcs11]\nmodule = vendor.so\ntoken = pkcs11:token=a\n"),
                "pkcs11.module: must be an absolute path"));
    CHECK(names(problem(tpm + "[pkcs11]\nmodule = /vendor.so\n"), "pkcs11.token: must name"));
    CHECK(names(problem(tpm + "[pkcs11]\nmodule = /vendor.so\ntoken = agents\n"),
                "pkcs11.token: must name"));
    CHECK(problem(tpm + token + "software = allow\n") == "accepted");
    CHECK(names(problem(tpm + token + "software = yes\n"), "must be allow or refuse"));
}

TEST_CASE("config: a PIN comes from a path or a credential, by one name",
          "[daemon][config][pkcs11]") {
    const auto with = [](const std::string& pin) {
        return problem(tpm + token + "pin_file = " + pin + "\n");
    };
    for (const char* good : {"/etc/holdfast/pin", "credential:pin", "credential:hsm.pin"})
        CHECK(with(good) == "accepted");
    for (const char* wrong : {"pin", "1234", "credential:", "credential:a/b", "credential:..",
                              "credential:.", "Credential:pin"})
        CHECK(names(with(wrong), "pkcs11.pin_file: must be an absolute path or credential:NAME"));
    CHECK(with("credential:" + std::string(255, 'p')) == "accepted");
    CHECK(names(with("credential:" + std::string(256, 'p')), "pkcs11.pin_file"));
}

TEST_CASE("config: a module's environment holds words, and nothing the loader obeys",
          "[daemon][config][pkcs11]") {
    const auto with = [](const std::string& words) {
        return problem(tpm + token + "environment = " + words + "\n");
    };
    for (const char* good : {"A=1", "SOFTHSM2_CONF=/etc/x.conf", "A=1   B=2", "_A=b=c", "A1=x"})
        CHECK(with(good) == "accepted");
    for (const char* wrong : {"A", "A=", "A= B=2", "=1", "a=1", "1A=1", "A-B=1", "A=1 A=2",
                              "LD_PRELOAD=/x.so", "A=1 LD_LIBRARY_PATH=/x"})
        CHECK(names(with(wrong), "pkcs11.environment: "));
}

TEST_CASE("config: what a child reads is what was written", "[daemon][config][pkcs11]") {
    const TemporaryDirectory folder;
    const std::string path = folder.file("holdfastd.conf");
    write(path,
          no_tpm + token + "pin_file = credential:pin\nenvironment = A=1 B=2\n" + keys_in_token);
    const auto settings = read_settings(path, nullptr);
    REQUIRE(settings);
    CHECK_FALSE(settings->has_tpm());
    CHECK(settings->has_pkcs11());
    std::istringstream dumped(dump_settings(*settings, nullptr));
    const auto again = parse_settings(dumped);
    REQUIRE(again);
    CHECK(*again == *settings);
}

TEST_CASE("config: --dev takes the settings of its own directory on top",
          "[daemon][config][pkcs11]") {
    const TemporaryDirectory folder;
    const auto plain = read_dev_settings(folder.path(), nullptr);
    REQUIRE(plain);
    CHECK(*plain == dev_settings(folder.path()));

    const std::string path = folder.file("holdfastd.conf");
    write(path, token + "[host]\nkeys = pkcs11\n" + no_tpm);
    Origins origins;
    const auto settings = read_dev_settings(folder.path(), &origins);
    REQUIRE(settings);
    CHECK(settings->dev);
    CHECK_FALSE(settings->has_tpm());
    CHECK(settings->pkcs11_module == "/usr/lib/vendor.so");
    CHECK(settings->state_dir == plain->state_dir);
    CHECK(origins.at("tpm.tcti") == path + ":7");
    CHECK(origins.at("paths.state") == "--dev");

    write(path, "[host]\nkees = pkcs11\n");
    const auto unknown = read_dev_settings(folder.path(), nullptr);
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().text() == path + ":2: unknown setting 'host.kees'");
    write(path, "[process]\ndev = false\n");
    CHECK_FALSE(read_dev_settings(folder.path(), nullptr));
    write(path, "[host]\nkeys = pkcs11\n");
    CHECK_FALSE(read_dev_settings(folder.path(), nullptr));  // needs a module
}
