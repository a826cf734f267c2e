// What a PKCS#11 module and its tokens say of themselves, as --describe tells it.
#ifndef HOLDFAST_DAEMON_WORKERS_DESCRIBE_TOKEN_H
#define HOLDFAST_DAEMON_WORKERS_DESCRIBE_TOKEN_H

#include "core/encode/json.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::daemon {

// {"manufacturer", "description", "version", "tokens": […]}: no login, no session, no try of a PIN.
Result<encode::Json::Object> describe_tokens(const hsm::Pkcs11Options& options);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_DESCRIBE_TOKEN_H
