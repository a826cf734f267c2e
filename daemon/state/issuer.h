// Issuer: makes an agent's credential. `local` is a trust domain of one host.
#ifndef HOLDFAST_DAEMON_STATE_ISSUER_H
#define HOLDFAST_DAEMON_STATE_ISSUER_H

#include <cstdint>
#include <string>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/keys.h"
#include "holdfast/measurement.h"

namespace holdfast::daemon {

struct CredentialRequest {
    std::string agent;  // name
    const KeyDescription* key;
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

// Never outlives the CA certificate; fetches a renewed one from the worker when it nears its end.
class LocalIssuer final : public Issuer {
  public:
    LocalIssuer(Keys& keys, std::string trust_domain)
        : keys_(keys), trust_domain_(std::move(trust_domain)) {}
    Async<IssuedCredential> issue(CredentialRequest request) override;

  private:
    Keys& keys_;
    std::string trust_domain_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_ISSUER_H
