#include "hsm/pkcs11/libp11_error.h"

#include <libp11.h>
#include <openssl/err.h>

#include <optional>
#include <string>

#include "hsm/pkcs11/error.h"

namespace holdfast::hsm::pkcs11 {

Error libp11_error(std::string_view call) {
    const int from_module = ::ERR_get_CKR_code();
    std::optional<CK_RV> said;
    std::string text(call);
    while (const unsigned long error = ::ERR_get_error()) {
        if (ERR_GET_LIB(error) == from_module) said = static_cast<CK_RV>(ERR_GET_REASON(error));
        const char* reason = ::ERR_reason_error_string(error);
        if (reason != nullptr) text.append(": ").append(reason);
    }
    if (said && *said != CKR_OK) return error_of(call, *said);
    return Error(Code::unavailable, std::move(text), Retry::later);
}

}  // namespace holdfast::hsm::pkcs11
