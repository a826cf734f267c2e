// CreateRequest: which key an agent is to have.
#ifndef HOLDFAST_DAEMON_LINK_CREATE_REQUEST_H
#define HOLDFAST_DAEMON_LINK_CREATE_REQUEST_H

#include <string>

#include "holdfast/custody.h"

namespace holdfast::daemon {

struct CreateRequest {
    std::string agent;
    Backend backend;
    KeyAlgorithm algorithm;
    std::string token;  // RFC 7512 URI that the token must match; empty in a TPM
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_CREATE_REQUEST_H
