// Host: this machine's own identity, asked of the keys workers once and kept.
#ifndef HOLDFAST_DAEMON_HANDLERS_HOST_H
#define HOLDFAST_DAEMON_HANDLERS_HOST_H

#include <optional>
#include <utility>

#include "daemon/link/keys.h"

namespace holdfast::daemon {

// Custody, EK, AK and the ledger key cannot change while the daemon runs: the worker pins its
// storage root. The CA certificate can (it is renewed), so the issuer asks for it itself.
class Host {
  public:
    explicit Host(Keys& keys) : keys_(keys) {}
    // Every signature names the custody, so without an answer nothing is signed.
    Async<HostIdentity> identity();
    // Custody, maker and algorithms of the token: asked once for each start of its worker, since
    // another token may have taken its place.
    Async<HostIdentity> token();
    void forget_token() { token_.reset(); }
    // What is known without asking; null before the first answer.
    const HostIdentity* known() const noexcept { return identity_ ? &*identity_ : nullptr; }
    // The register does change; whoever was told anew leaves it here for the status.
    void note(RegisterStatus status) {
        if (identity_) identity_->event_register = std::move(status);
    }

  private:
    Keys& keys_;
    std::optional<HostIdentity> identity_;
    std::optional<HostIdentity> token_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_HANDLERS_HOST_H
