// Issuer: makes an agent's credential. `local` is a trust domain of one host.
#ifndef HOLDFAST_DAEMON_STATE_ISSUER_H
#define HOLDFAST_DAEMON_STATE_ISSUER_H

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/keys.h"
#include "holdfast/measurement.h"

namespace holdfast::daemon {

struct CredentialRequest {
    std::string agent;          // name
    const KeyDescription* key;  // needed until the first suspension only
    std::string instance;
    Measurement measurement;
    std::int64_t lifetime;  // seconds
};

struct IssuedCredential {
    std::string spiffe_id;
    std::vector<Bytes> chain;  // DER, leaf first, then the CA
    std::string serial;        // hex
    std::int64_t not_after = 0;
    std::int64_t renew_after = 0;  // half life
};

class Issuer {
  public:
    Issuer() = default;
    Issuer(const Issuer&) = delete;
    Issuer& operator=(const Issuer&) = delete;
    virtual ~Issuer() = default;
    virtual Async<IssuedCredential> issue(CredentialRequest request) = 0;
};

// Never outlives the CA certificate, which is asked of the worker (who renews it) for each issue.
class LocalIssuer final : public Issuer {
  public:
    using Now = std::function<std::int64_t()>;  // Unix seconds
    LocalIssuer(Keys& keys, std::string trust_domain, Now now)
        : keys_(keys), trust_domain_(std::move(trust_domain)), now_(std::move(now)) {}
    Async<IssuedCredential> issue(CredentialRequest request) override;

  private:
    Keys& keys_;
    std::string trust_domain_;
    Now now_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_ISSUER_H
