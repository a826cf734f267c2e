// The real keys programs, started with --describe as `holdfastd --doctor` does, and modules that
// fail.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
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
        const Descriptor pin(::open(token_.pin_file().c_str(), O_PATH | O_CLOEXEC));
        return ask_to_describe("holdfast-keys-pkcs11", settings, pin, within);
    }
    // As if that token had refused the PIN file as it is now.
    void refuse_pin(const std::string& serial) const {
        struct stat facts{};
        REQUIRE(::stat(token_.pin_file().c_str(), &facts) == 0);
        encode::Json::Object record;
        record["serial"] = serial;
        record["outcome"] = "refused";
        record["device"] = static_cast<std::int64_t>(facts.st_dev);
        record["inode"] = static_cast<std::int64_t>(facts.st_ino);
        record["size"] = static_cast<std::int64_t>(facts.st_size);
        record["modified_s"] = static_cast<std::int64_t>(facts.st_mtim.tv_sec);
        record["modified_ns"] = static_cast<std::int64_t>(facts.st_mtim.tv_nsec);
        const std::string keys = settings.state_dir + "/keys";
        std::filesystem::create_directories(keys);
        std::filesystem::permissions(keys, std::filesystem::perms(0700));
        std::ofstream(keys + "/pin-tried.json") << encode::canonical(std::move(record));
    }
    void write_pin() { token_.write_pin("1234"); }
    std::string serial() const {
        const auto found = ask();
        REQUIRE(found);
        for (const auto& token : *found->find("tokens")->array())
            if (*token.find("matches")->boolean()) return *token.find("serial")->string();
        return "";
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

// A program in the place of a worker's.
class StandIn {
  public:
    explicit StandIn(const std::string& script) {
        settings_.libexec_dir = folder_.path();
        std::ofstream(folder_.file(name)) << "#!/bin/sh\n" << script << "\n";
        REQUIRE(::chmod(folder_.file(name).c_str(), 0700) == 0);
    }
    // What doctor is told, and in what time it is.
    Error ask(std::chrono::milliseconds within) {
        const auto begun = std::chrono::steady_clock::now();
        const auto answer = ask_to_describe(name, settings_, Descriptor(), within);
        took = std::chrono::steady_clock::now() - begun;
        REQUIRE_FALSE(answer);
        return answer.error();
    }
    std::chrono::steady_clock::duration took{};

  private:
    static constexpr const char* name = "holdfast-keys-tpm";

    tests::TemporaryDirectory folder_;
    Settings settings_ = dev_settings(folder_.path());
};

bool says(const Error& error, const char* words) {
    return error.text().find(words) != std::string::npos;
}
bool has_children() {
    return ::waitid(P_ALL, 0, nullptr, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

}  // namespace

TEST_CASE("doctor: a program that ends its link and stays is ended", "[daemon][doctor]") {
    StandIn program("exec 3>&-; exec sleep 30");
    const Error error = program.ask(10s);
    CHECK(says(error, "nothing was said; it was ended"));
    CHECK(program.took < 5s);
    CHECK_FALSE(has_children());
}

TEST_CASE("doctor: a program that says nothing is ended in time", "[daemon][doctor]") {
    StandIn program("exec sleep 30");
    const Error error = program.ask(100ms);
    CHECK(error.code() == Code::timeout);
    CHECK(says(error, "it was ended"));
    CHECK(program.took < 5s);
    CHECK_FALSE(has_children());
}

TEST_CASE("doctor: how a program ended that said nothing is told", "[daemon][doctor]") {
    CHECK(says(StandIn("exit 7").ask(10s), "nothing was said; it ended with exit code 7"));
    CHECK(says(StandIn("kill -SEGV $$").ask(10s), "it was ended by signal 11"));
}

TEST_CASE("doctor: a program that does not die is given up, not waited for", "[daemon][doctor]") {
    StandIn program("exec " UNDYING_CHILD);
    const Error error = program.ask(500ms);
    CHECK(error.code() == Code::timeout);
    CHECK(says(error, "does not die, given up"));
    CHECK(program.took < 5s);
    while (::waitpid(-1, nullptr, __WALL) > 0) {  // its traced thread, then the rest of it
    }
}

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

TEST_CASE("doctor: a PIN that the token refused is wrong until its file changes",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    const std::string serial = host.serial();
    host.refuse_pin("of another");
    CHECK(host.troubles() == 0);
    host.refuse_pin(serial);
    CHECK(host.troubles() == 1);
    host.write_pin();
    CHECK(host.troubles() == 0);
    CHECK_FALSE(host.was_logged_in());
}

// SoftHSM shows a blank token where the next one could be made.
TEST_CASE("doctor: the token that the daemon would take is the one that is judged",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    for (const char* uri : {"pkcs11:", "pkcs11:manufacturer=SoftHSM%20project"}) {
        host.settings.pkcs11_token = uri;
        CHECK(host.troubles() == 0);
    }
}

TEST_CASE("doctor: a token that the daemon would refuse to use is wrong", "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    host.fault("max-sessions 2");
    CHECK(host.troubles() == 0);
    host.fault("max-sessions 1");
    CHECK(host.troubles() == 1);
}

TEST_CASE("doctor: a setting that is no URI of a token is found out without a token",
          "[daemon][doctor]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("softhsm2 is not installed");
    TokenHost host;
    host.fault("removed");
    host.settings.pkcs11_token = "pkcs11:slot-id=0";
    const auto found = host.ask();
    REQUIRE(found);
    REQUIRE(found->find("error") != nullptr);
    CHECK(found->find("error")->string()->find("'pkcs11:slot-id=0'") != std::string::npos);
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
    const auto found =
        ask_to_describe("holdfast-keys-tpm", settings, Descriptor(), describe_within);
    REQUIRE(found);
    Findings findings;
    judge_tpm(*found, findings);
    CHECK(findings.troubles() == 0);
    CHECK(*found->find("custody")->string() == "software-tpm");
    CHECK_FALSE(std::filesystem::exists(settings.state_dir));
}
