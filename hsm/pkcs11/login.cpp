#include "hsm/pkcs11/login.h"

#include <array>
#include <string>
#include <utility>

#include "hsm/pkcs11/error.h"

namespace holdfast::hsm::pkcs11 {
namespace {

struct Obstacle {
    CK_FLAGS flag;
    const char* reason;
    const char* what;
};
// In the order of what an operator must mend first.
constexpr std::array obstacles = {
    Obstacle{CKF_USER_PIN_LOCKED, "pin_locked",
             "has locked its user PIN; unlock it with the vendor's tool"},
    Obstacle{CKF_USER_PIN_TO_BE_CHANGED, "pin_to_be_changed",
             "wants its user PIN changed first; change it with the vendor's tool"},
    Obstacle{CKF_USER_PIN_FINAL_TRY, "pin_final_try",
             "has one try left before it locks its user PIN, and that one is not spent here; log "
             "in with the vendor's tool to reset the count"},
    Obstacle{CKF_PROTECTED_AUTHENTICATION_PATH, "pin_pad",
             "wants its PIN typed on its own pad; a daemon cannot"},
};

Error obstacle(const TokenFacts& token, const char* reason, const char* what) {
    return Error(Code::denied, "token " + text_of(token.names) + " " + what).because(reason);
}

}  // namespace

Done check_pin_flags(const TokenFacts& token) {
    for (const Obstacle& row : obstacles)
        if ((token.flags & row.flag) != 0) return obstacle(token, row.reason, row.what);
    if ((token.flags & CKF_USER_PIN_INITIALIZED) == 0)
        return obstacle(token, "pin_not_set", "has no user PIN yet; set one");
    return done();
}

Done check_untried(const TokenFacts& token, const PinFileIdentity& file, KeyFiles& files) {
    const bool was_refused_lately = (token.flags & CKF_USER_PIN_COUNT_LOW) != 0;
    return TriedPin(files).check_may_try(token.names.serial, file, was_refused_lately);
}

Done log_in(Session& session, const TokenFacts& token, int pin_descriptor, KeyFiles& files) {
    if ((token.flags & CKF_LOGIN_REQUIRED) == 0) return done();
    HOLDFAST_CHECK(check_pin_flags(token));
    HOLDFAST_TRY(pin, read_pin(pin_descriptor));
    HOLDFAST_CHECK(check_untried(token, pin.identity, files));
    const std::string& serial = token.names.serial;
    TriedPin tried(files);
    // No record, no try.
    HOLDFAST_CHECK(tried.trying(serial, pin.identity));
    auto logged_in = session.log_in(pin.bytes.view());
    const bool was_refused =
        !logged_in && (is(logged_in.error(), pin_refused) || is(logged_in.error(), pin_locked));
    if (logged_in) return tried.forget();
    if (!was_refused) return logged_in;
    // Should this not be written, the token's own flag says it at the next start.
    (void)tried.refused(serial, pin.identity);
    return std::move(logged_in).error().within(
        "token " + text_of(token.names) +
        ": the PIN in pkcs11.pin_file is not tried again until that file changes");
}

}  // namespace holdfast::hsm::pkcs11
