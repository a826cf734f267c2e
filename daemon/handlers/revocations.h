// Revocations: which credentials must not be trusted any more, and the CRL that says so.
#ifndef HOLDFAST_DAEMON_HANDLERS_REVOCATIONS_H
#define HOLDFAST_DAEMON_HANDLERS_REVOCATIONS_H

#include <boost/asio/any_io_executor.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/handlers/services.h"
#include "daemon/handlers/started.h"

namespace holdfast::daemon::handlers {

// As memory stands: those of a revoked agent (privilegeWithdrawn), of a retired one or of a key it
// no longer has (cessationOfOperation), of a suspended one or of a host that stands still
// (certificateHold). What the ledger says of a key that has ended comes before that. unavailable as
// Anchor::holds().
Result<std::vector<Revocation>> revoked_now(const Services& services);

// Stage "crl" of a stop that was completed before: "done", "pending" or "no_ca".
std::string crl_word(const Services& services);

// Does this verb move a certificate onto the list or off it? Throttling, for one, does not.
bool moves_credentials(std::string_view verb);

// Stage "crl" of a reply: what is revoked now is on the list, and in the file for others to fetch.
// "done", "not_needed", or "no_ca" once the host fuse is blown; an Error: pending, and the daemon
// goes on by itself. Answers within chip_patience of the call, whatever the chip does.
class CrlStage {
  public:
    // Begins at once, beside what else is waited for.
    CrlStage(Services& services, const boost::asio::any_io_executor& executor, bool is_needed);
    Async<std::string> outcome();

  private:
    std::chrono::steady_clock::time_point until_;
    std::optional<Started<std::string>> work_;
};

// All of a stage that nothing else is waited for beside: "pending" instead of an Error.
Async<std::string> list_word(Services& services, bool is_needed);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_REVOCATIONS_H
