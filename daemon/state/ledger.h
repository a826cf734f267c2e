// Ledger: the front's way to the record of everything. No durable record, no released signature.
#ifndef HOLDFAST_DAEMON_STATE_LEDGER_H
#define HOLDFAST_DAEMON_STATE_LEDGER_H

#include <string>

#include "core/encode/json.h"
#include "daemon/link/async.h"
#include "holdfast/evidence.h"

namespace holdfast::daemon {

// A port, so that tests can have a disk that is full.
class Ledger {
  public:
    Ledger() = default;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    virtual ~Ledger() = default;

    // The index the next append will get. Valid until the next co_await.
    virtual std::uint64_t next_index() const = 0;
    // Queues the record at next_index() before its first suspension; the result is there when it is
    // durable. unavailable, reason "ledger_failed", once a write went wrong, until resume.
    virtual Async<std::uint64_t> append(std::string type, encode::Json::Object members) = 0;
    virtual LedgerHead head() const = 0;  // durable records only
    virtual bool failed() const = 0;
    virtual Async<LedgerHead> resume() = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LEDGER_H
