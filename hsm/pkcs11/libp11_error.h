// What libp11 left in OpenSSL's queue of errors, in our words.
#ifndef HOLDFAST_HSM_PKCS11_LIBP11_ERROR_H
#define HOLDFAST_HSM_PKCS11_LIBP11_ERROR_H

#include <string_view>

#include "holdfast/result.h"

namespace holdfast::hsm::pkcs11 {

// The module's own return value if there is one among them, else OpenSSL's reason, as unavailable.
// Empties the queue, which would otherwise grow for ever.
Error libp11_error(std::string_view call);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_LIBP11_ERROR_H
