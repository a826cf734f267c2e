#include "daemon/handlers/host.h"

namespace holdfast::daemon {

Async<HostIdentity> Host::identity() {
    if (identity_) co_return *identity_;
    HOLDFAST_CO_TRY(identity, co_await keys_.host());
    identity_ = std::move(identity);
    co_return *identity_;
}

Async<HostIdentity> Host::token() {
    if (token_) co_return *token_;
    HOLDFAST_CO_TRY(token, co_await keys_.host_of(Backend::pkcs11));
    token_ = std::move(token);
    co_return *token_;
}

}  // namespace holdfast::daemon
