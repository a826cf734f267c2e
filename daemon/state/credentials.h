// Credentials: the current credential of each agent and measurement, issued and recorded on demand.
#ifndef HOLDFAST_DAEMON_STATE_CREDENTIALS_H
#define HOLDFAST_DAEMON_STATE_CREDENTIALS_H

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/link/async.h"
#include "daemon/state/issuer.h"
#include "daemon/state/ledger.h"

namespace holdfast::daemon {

// Bounds the cache: an agent whose code changes often pushes its own oldest credential out.
inline constexpr std::size_t max_credentials_per_agent = 8;

// Good ones of one agent: no agent alone fills the revocation list (core/crypto/crl.h). Counted
// since start, and since forget(): what operators do is not held against an agent.
inline constexpr std::size_t max_live_credentials = 64;

// The caller has already asked containment and whether the instance is still the same code. Every
// issue is a durable "credential" record before the credential is handed out. Event loop only.
class Credentials {
  public:
    using Now = std::function<std::int64_t()>;  // Unix seconds
    Credentials(Issuer& issuer, Ledger& ledger, Now now)
        : issuer_(issuer), ledger_(ledger), now_(std::move(now)) {}

    // For sign_action's x5c: the current one, or a new one when there is none for this agent, key
    // and measurement or its half life is over. Callers that come while one is being made share it.
    // busy [too_many_credentials]: the agent has max_live_credentials already.
    Async<IssuedCredential> current(CredentialRequest request);
    // Revoked, retired, or its agent file changed: the next one is made anew.
    void forget(std::string_view agent);

  private:
    struct Issue;                                      // one under way, and who waits for it
    using What = std::pair<std::string, std::string>;  // agent, key id + measurement

    const IssuedCredential* find(const What& what) const;
    Async<IssuedCredential> begin(CredentialRequest request, What what);
    Async<IssuedCredential> issue_and_record(CredentialRequest request);
    Done room_for(const std::string& agent);
    void remember(const What& what, const IssuedCredential& credential);

    Issuer& issuer_;
    Ledger& ledger_;
    Now now_;
    std::map<What, IssuedCredential> credentials_;
    // Owners: this map and each coroutine that waits for it.
    std::map<What, std::shared_ptr<Issue>> under_way_;
    std::map<std::string, std::multiset<std::int64_t>> ends_;  // of each agent's credentials
    std::uint64_t forgotten_ = 0;  // moves with forget(): what began before is not remembered
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_CREDENTIALS_H
