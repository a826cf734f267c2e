#include "hsm/pkcs11/error.h"

#include <algorithm>
#include <array>
#include <cstdio>

#include "hsm/pkcs11/token.h"

namespace holdfast::hsm::pkcs11 {
namespace {

struct Row {
    CK_RV code;
    Action action;
    const char* name;
};

#define ROW(code, action)           \
    Row {                           \
        code, Action::action, #code \
    }
constexpr std::array rows = {
    ROW(CKR_OK, none),
    ROW(CKR_SESSION_HANDLE_INVALID, restart),
    ROW(CKR_SESSION_CLOSED, restart),
    ROW(CKR_TOKEN_NOT_PRESENT, restart),
    ROW(CKR_TOKEN_NOT_RECOGNIZED, restart),
    ROW(CKR_SLOT_ID_INVALID, restart),
    ROW(CKR_DEVICE_ERROR, restart),
    ROW(CKR_DEVICE_REMOVED, restart),
    ROW(CKR_CRYPTOKI_NOT_INITIALIZED, restart),
    // The token ended our login by itself, or gave our objects other handles.
    ROW(CKR_USER_NOT_LOGGED_IN, restart),
    ROW(CKR_OBJECT_HANDLE_INVALID, restart),
    ROW(CKR_KEY_HANDLE_INVALID, restart),
    // An operation that was never finished holds our session; a new process has a new one.
    ROW(CKR_OPERATION_ACTIVE, restart),
    // "The computer and/or token is in an inconsistent state" (PKCS#11 v2.40, 5.1.1); also what
    // many modules answer to everything once they have lost their device.
    ROW(CKR_GENERAL_ERROR, restart),
    ROW(CKR_SESSION_COUNT, busy),
    ROW(CKR_FUNCTION_FAILED, busy),
    ROW(CKR_FUNCTION_CANCELED, busy),
    ROW(CKR_HOST_MEMORY, busy),
    ROW(CKR_DEVICE_MEMORY, full),
    ROW(CKR_MECHANISM_INVALID, no_algorithm),
    ROW(CKR_MECHANISM_PARAM_INVALID, no_algorithm),
    ROW(CKR_KEY_SIZE_RANGE, no_algorithm),
    ROW(CKR_DOMAIN_PARAMS_INVALID, no_algorithm),
    ROW(CKR_FUNCTION_NOT_SUPPORTED, no_algorithm),
    ROW(CKR_PIN_INCORRECT, pin_refused),
    ROW(CKR_PIN_INVALID, pin_refused),
    ROW(CKR_PIN_LEN_RANGE, pin_refused),
    ROW(CKR_PIN_EXPIRED, pin_refused),
    ROW(CKR_PIN_LOCKED, pin_locked),
    ROW(CKR_TOKEN_WRITE_PROTECTED, forbidden),
    ROW(CKR_SESSION_READ_ONLY, forbidden),
    ROW(CKR_ACTION_PROHIBITED, forbidden),
    ROW(CKR_KEY_FUNCTION_NOT_PERMITTED, forbidden),
    ROW(CKR_ARGUMENTS_BAD, report),
    ROW(CKR_ATTRIBUTE_READ_ONLY, report),
    ROW(CKR_ATTRIBUTE_SENSITIVE, report),
    ROW(CKR_ATTRIBUTE_TYPE_INVALID, report),
    ROW(CKR_ATTRIBUTE_VALUE_INVALID, report),
    ROW(CKR_BUFFER_TOO_SMALL, report),
    ROW(CKR_CRYPTOKI_ALREADY_INITIALIZED, report),
    ROW(CKR_DATA_LEN_RANGE, report),
    ROW(CKR_KEY_TYPE_INCONSISTENT, report),
    ROW(CKR_OPERATION_NOT_INITIALIZED, report),
    ROW(CKR_TEMPLATE_INCOMPLETE, report),
    ROW(CKR_TEMPLATE_INCONSISTENT, report),
    ROW(CKR_USER_ALREADY_LOGGED_IN, report),
    ROW(CKR_USER_ANOTHER_ALREADY_LOGGED_IN, report),
    ROW(CKR_USER_PIN_NOT_INITIALIZED, report),
    ROW(CKR_USER_TYPE_INVALID, report),
};
#undef ROW

const Row* row_of(CK_RV code) noexcept {
    const auto* const found =
        std::find_if(rows.begin(), rows.end(), [code](const Row& row) { return row.code == code; });
    return found == rows.end() ? nullptr : found;
}

struct Meaning {
    Code code;
    Retry retry;
    std::string_view reason;
    std::string_view advice;
};

Meaning meaning_of(Action action) noexcept {
    switch (action) {
        case Action::restart:
            return {Code::unavailable, Retry::later, token_lost,
                    "the session, the token or its module is lost"};
        case Action::busy:
            return {Code::busy, Retry::later, token_busy, "the token has no room for this now"};
        case Action::full:
            return {Code::busy, Retry::never, token_full, "the token has no room for more objects"};
        case Action::no_algorithm:
            return {Code::invalid, Retry::never, algorithm_unavailable, "the token cannot do this"};
        case Action::pin_refused:
            return {Code::denied, Retry::never, pin_refused, "the token refused the PIN"};
        case Action::pin_locked:
            return {Code::denied, Retry::never, pin_locked,
                    "the token has locked its user PIN; unlock it with the vendor's tool"};
        case Action::forbidden:
            return {Code::denied, Retry::never, token_forbids, "the token forbids this"};
        case Action::none:
        case Action::report: break;
    }
    return {Code::internal, Retry::never, "", "unexpected"};
}

}  // namespace

Action action_of(CK_RV code) noexcept {
    const Row* row = row_of(code);
    return row == nullptr ? Action::report : row->action;
}

std::string name_of(CK_RV code) {
    if (const Row* row = row_of(code)) return row->name;
    std::array<char, 24> number{};
    (void)std::snprintf(number.data(), number.size(), "0x%lx", code);
    return number.data();
}

Error error_of(std::string_view call, CK_RV code) {
    const Meaning meaning = meaning_of(action_of(code));
    std::string text(call);
    text.append(": ").append(meaning.advice).append(" (").append(name_of(code)).append(")");
    return Error(meaning.code, std::move(text), meaning.retry).because(std::string(meaning.reason));
}

Done check(std::string_view call, CK_RV code) {
    if (code != CKR_OK) return error_of(call, code);
    return done();
}

}  // namespace holdfast::hsm::pkcs11
