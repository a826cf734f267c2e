// Which token can be used, by what it says of itself.
#include "hsm/pkcs11/choice.h"
#include "hsm/pkcs11/session.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::hsm::pkcs11;

namespace {

TokenFacts good_token() {
    TokenFacts token;
    token.names = {"agents", "Acme", "HSM 1", "0123"};
    token.flags = CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED | CKF_USER_PIN_INITIALIZED;
    return token;
}

std::string trouble_with_serial(const std::string& serial) {
    TokenFacts token = good_token();
    token.names.serial = serial;
    const auto usable = check_usable(token);
    return usable ? "" : usable.error().text();
}

bool says(const std::string& text, const char* words) {
    return text.find(words) != std::string::npos;
}

}  // namespace

TEST_CASE("token choice: one that can be written and holds our sessions can be used",
          "[hsm][pkcs11]") {
    TokenFacts token = good_token();
    CHECK(check_usable(token));
    token.max_sessions = sessions_needed;
    CHECK(check_usable(token));
    token.max_sessions = sessions_needed - 1;
    CHECK(says(check_usable(token).error().text(), "allows one session"));
    token = good_token();
    token.flags |= CKF_WRITE_PROTECTED;
    CHECK(says(check_usable(token).error().text(), "is write protected"));
    CHECK(check_usable(token).error().code() == Code::invalid);
}

// Records and pin-tried.json hold it as JSON text: other bytes would not come back as they were.
TEST_CASE("token choice: keys are bound to a serial number of printable ASCII", "[hsm][pkcs11]") {
    CHECK(trouble_with_serial(" !0123456789~").empty());
    CHECK(says(trouble_with_serial(""), "has no serial number"));
    for (const char* odd : {"0123\x1f", "0123\x7f",
                            "01\xff"
                            "23",
                            "\xc3\xbc", "\n"})
        CHECK(says(trouble_with_serial(odd), "serial number is not printable ASCII"));
}

TEST_CASE("token choice: a blank token is never the one that is meant", "[hsm][pkcs11]") {
    TokenFacts token = good_token();
    const auto any = parse_token_uri("pkcs11:");
    const auto other = parse_token_uri("pkcs11:token=others");
    REQUIRE(any);
    REQUIRE(other);
    CHECK(is_meant(*any, token));
    CHECK_FALSE(is_meant(*other, token));
    token.flags &= ~CK_FLAGS{CKF_TOKEN_INITIALIZED};
    CHECK_FALSE(is_meant(*any, token));
}
