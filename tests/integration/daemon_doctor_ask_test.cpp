// The real keys programs, started with --describe as `holdfastd --doctor` does, and modules that
// fail.
#include <chrono>
#include <fstream>

#include "daemon/doctor/ask.h"
#include "daemon/doctor/chips.h"
#include "tests/support/catch.h"
#include "tests/support/softhsm.h"
#include "tests/support/swtpm.h"
#include "tests/support/temporary_directory.h"

using namespace holdfast;
using namespace holdfast::daemon;
using namespace std::chrono_literals;

namespace {

// A token behind the module that misbehaves as a file says.
class TokenHost {
  public:
    TokenHost() {
        settings.libexec_dir = PROGRAMS;
        settings.pkcs11_module = PROGRAMS "/p11chaos.so";
        settings.pkcs11_token = "pkcs11:token=agents";
        settings.pkcs11_pin_file = token_.pin_file();
        settings.pkcs11_software_allowed = true;
        settings.pkcs11_environment = "SOFTHSM2_CONF=" + token_.config() +
                                      " P11CHAOS_MODULE=" + tests::softhsm_module +
                                      " P11CHAOS_CONTROL=" + control();
    }
    void fault(const std::string& words) { std::ofstream(control()) << words; }
    std::string control() const { return folder_.file("chaos"); }
    bool was_logged_in() const { return std::filesystem::exists(control() + ".logins"); }

    Result<encode::Json> ask(std::chrono::milliseconds within = describe_within) const {
        return ask_to_describe("holdfast-keys-pkcs11", settings, within);
    }
    std::size_t troubles() const {
        const auto found = ask();
        REQUIRE(found);
        Findings findings;
        judge_tokens(settings, *found, findings);
        INFO(findings.all().back().text);
        return findings.troubles();
    }

  private:
    tests::TemporaryDirectory folder_;
    tests::SoftToken token_;

  public:
    Settings settings = dev_settings(folder_.path());
};

}  // namespace

TEST_CASE("doctor: a token is described without a login, and nothing is left behind",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    const TokenHost host;
    CHECK(host.troubles() == 0);
    CHECK_FALSE(host.was_logged_in());
    CHECK_FALSE(std::filesystem::exists(host.settings.state_dir));
}

TEST_CASE("doctor: a locked PIN, a last try and a missing token are found out",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    host.fault("pin-locked");
    CHECK(host.troubles() == 1);
    host.fault("pin-tries 2");
    CHECK(host.troubles() == 0);
    std::ofstream(host.control() + ".wrong") << "wrong\n";  // one of two tries is spent
    CHECK(host.troubles() == 1);
    host.fault("removed");
    CHECK(host.troubles() == 1);
    CHECK_FALSE(host.was_logged_in());
}

TEST_CASE("doctor: a module that crashes, hangs or is none costs its own process only",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    host.fault("load-crashes");
    const auto crashed = host.ask();
    REQUIRE_FALSE(crashed);
    CHECK(crashed.error().text().find("ended by signal 6") != std::string::npos);
    host.fault("load-hangs");
    const auto hung = host.ask(500ms);
    REQUIRE_FALSE(hung);
    CHECK(hung.error().code() == Code::timeout);
    host.settings.pkcs11_module = host.control();
    const auto none = host.ask();
    REQUIRE(none);  // said by the program, in words
    CHECK(none->find("error") != nullptr);
}

TEST_CASE("doctor: a TPM is described without making anything in it", "[daemon][doctor]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    const tests::SoftwareTpm chip;
    const tests::TemporaryDirectory folder;
    Settings settings = dev_settings(folder.path());
    settings.libexec_dir = PROGRAMS;
    settings.tpm_tcti = chip.tcti();
    const auto found = ask_to_describe("holdfast-keys-tpm", settings, describe_within);
    REQUIRE(found);
    Findings findings;
    judge_tpm(*found, findings);
    CHECK(findings.troubles() == 0);
    CHECK(*found->find("custody")->string() == "software-tpm");
    CHECK_FALSE(std::filesystem::exists(settings.state_dir));
}
