#include "daemon/handlers/host.h"

namespace holdfast::daemon {

Async<HostIdentity> Host::identity() {
    if (identity_) co_return *identity_;
    HOLDFAST_CO_TRY(identity, co_await keys_.host());
    identity_ = std::move(identity);
    co_return *identity_;
}

}  // namespace holdfast::daemon
