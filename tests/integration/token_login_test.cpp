// The PIN: how many tries of it are spent, and when none is.
#include <sys/stat.h>

#include <fstream>

#include "hsm/pkcs11/login.h"
#include "hsm/pkcs11/pin.h"
#include "tests/support/bent_token.h"
#include "tests/support/token_host.h"

using namespace holdfast;
using namespace holdfast::hsm::pkcs11;
using tests::TokenHost;

namespace {

TokenFacts facts_with(CK_FLAGS flags) {
    TokenFacts token;
    token.names = {"agents", "Acme", "HSM 1", "0123"};
    token.flags = CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED | flags;
    return token;
}

}  // namespace

TEST_CASE("PIN: what the token says of it is heard before a try is spent", "[hsm][pkcs11]") {
    CHECK(check_pin_flags(facts_with(0)));
    CHECK(check_pin_flags(facts_with(CKF_USER_PIN_COUNT_LOW)));  // tries are left
    CHECK(check_pin_flags(facts_with(CKF_USER_PIN_FINAL_TRY)).error().reason() == "pin_final_try");
    CHECK(check_pin_flags(facts_with(CKF_USER_PIN_LOCKED)).error().reason() == "pin_locked");
    CHECK(check_pin_flags(facts_with(CKF_USER_PIN_LOCKED | CKF_USER_PIN_FINAL_TRY))
              .error()
              .reason() == "pin_locked");
    CHECK(check_pin_flags(facts_with(CKF_USER_PIN_TO_BE_CHANGED)).error().reason() ==
          "pin_to_be_changed");
    CHECK(check_pin_flags(facts_with(CKF_PROTECTED_AUTHENTICATION_PATH)).error().reason() ==
          "pin_pad");
    auto unset = facts_with(0);
    unset.flags &= ~CK_FLAGS{CKF_USER_PIN_INITIALIZED};
    CHECK(check_pin_flags(unset).error().reason() == "pin_not_set");
    for (const CK_FLAGS flag : {CKF_USER_PIN_FINAL_TRY, CKF_USER_PIN_LOCKED})
        CHECK(check_pin_flags(facts_with(flag)).error().code() == Code::denied);
}

TEST_CASE("PIN: a refused one is not tried again until its file changes", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    host.soft.write_pin("9999");
    const auto refused = host.try_open();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK(refused.error().reason() == "pin_refused");
    CHECK(refused.error().text().find("CKR_PIN_INCORRECT") != std::string::npos);

    // The token would take this PIN now, so that only a try could tell the difference.
    REQUIRE(host.soft.tool("--change-pin --new-pin 9999") == 0);
    const auto again = host.try_open();
    REQUIRE_FALSE(again);
    CHECK(again.error().reason() == "pin_refused");
    CHECK(again.error().text().find("not tried again") != std::string::npos);
    CHECK(again.error().text().find("CKR_") == std::string::npos);

    host.soft.write_pin("9999");
    CHECK(host.try_open());
    // A PIN that was taken is nothing to remember.
    CHECK_FALSE(std::filesystem::exists(host.key_file("pin-tried.json")));
}

TEST_CASE("PIN: nothing of it is stored when it is refused", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    host.soft.write_pin("987612345");
    REQUIRE_FALSE(host.try_open());
    std::ifstream file(host.key_file("pin-tried.json"));
    const std::string text(std::istreambuf_iterator<char>(file), {});
    CHECK(text.find("\"inode\":") != std::string::npos);
    CHECK(text.find("987612345") == std::string::npos);
    CHECK(text.find("digest") == std::string::npos);
}

TEST_CASE("PIN: each mark of the file makes it another one", "[hsm][pkcs11]") {
    tests::TemporaryDirectory folder;
    auto files = hsm::KeyFiles::open(folder.file("keys"));
    REQUIRE(files);
    TriedPin tried(*files);
    const PinFileIdentity file{
        .device = 1, .inode = 2, .size = 3, .modified_s = 4, .modified_ns = 5};
    CHECK(tried.check_may_try("0123", file, false));
    REQUIRE(tried.refused("0123", file));
    CHECK_FALSE(tried.check_may_try("0123", file, false));
    CHECK(tried.check_may_try("0124", file, false));
    for (auto mark : {&PinFileIdentity::device, &PinFileIdentity::inode, &PinFileIdentity::size,
                      &PinFileIdentity::modified_s, &PinFileIdentity::modified_ns}) {
        PinFileIdentity other = file;
        other.*mark += 1;
        CHECK(tried.check_may_try("0123", other, true));
    }
    REQUIRE(tried.forget());
    CHECK(tried.check_may_try("0123", file, false));
}

TEST_CASE("PIN: a try that nobody heard of is repeated only if the token had no wrong one since",
          "[hsm][pkcs11]") {
    tests::TemporaryDirectory folder;
    auto files = hsm::KeyFiles::open(folder.file("keys"));
    REQUIRE(files);
    TriedPin tried(*files);
    const PinFileIdentity file{
        .device = 1, .inode = 2, .size = 3, .modified_s = 4, .modified_ns = 5};
    REQUIRE(tried.trying("0123", file));
    CHECK(tried.check_may_try("0123", file, false));
    CHECK(tried.check_may_try("0123", file, true).error().reason() == "pin_refused");
}

TEST_CASE("PIN: what cannot be remembered is not tried", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    tests::BentToken bent;
    TokenHost host;
    (void)host.open();
    host.token.reset();
    const int before = bent.logins;
    std::filesystem::create_directories(host.key_file("pin-tried.json.unfinished"));
    CHECK_FALSE(host.try_open());
    CHECK(bent.logins == before);
}

TEST_CASE("PIN: the file is read whole from its start, without its newline, to its limit",
          "[hsm][pkcs11]") {
    tests::TemporaryDirectory folder;
    const auto read = [&](const std::string& content) {
        std::ofstream(folder.file("pin")) << content;
        const Descriptor file(::open(folder.file("pin").c_str(), O_RDONLY | O_CLOEXEC));
        (void)::lseek(file.get(), 3, SEEK_SET);
        return read_pin(file.get());
    };
    CHECK(text_of(read("1234\n")->bytes.view()) == "1234");
    CHECK(text_of(read("1234")->bytes.view()) == "1234");
    CHECK(text_of(read("12 \n\n")->bytes.view()) == "12 \n");
    CHECK(read(std::string(max_pin, '7'))->bytes.size() == max_pin);
    CHECK(read(std::string(max_pin, '7') + "\n")->bytes.size() == max_pin);
    for (const std::string& bad : {std::string(), std::string("\n"), std::string(max_pin + 1, '7'),
                                   std::string(max_pin + 1, '7') + "\n", std::string(4096, '7')})
        CHECK(read(bad).error().reason() == "pin_missing");
    CHECK(read_pin(-1).error().reason() == "pin_missing");
    CHECK(read_pin(999).error().reason() == "pin_missing");
}

TEST_CASE("PIN: without its file the token is not opened, and it is said", "[hsm][pkcs11]") {
    if (!tests::has_softhsm()) HOLDFAST_SKIP("no SoftHSM");
    TokenHost host;
    auto options = host.options();
    options.pin_descriptor = -1;
    const auto opened = hsm::Token::open(options);
    REQUIRE_FALSE(opened);
    CHECK(opened.error().code() == Code::denied);
    CHECK(opened.error().reason() == "pin_missing");
}
