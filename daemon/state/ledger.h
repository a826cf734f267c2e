// Ledger: the front's way to the record of everything. No durable record, no released signature.
#ifndef HOLDFAST_DAEMON_STATE_LEDGER_H
#define HOLDFAST_DAEMON_STATE_LEDGER_H

#include <array>
#include <functional>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "daemon/link/async.h"
#include "holdfast/evidence.h"
#include "ledger/record.h"

namespace holdfast::daemon {

// What must still be written when the disk is full: stopping an agent, and what was not released.
inline constexpr std::array<std::string_view, 4> containment_types = {
    "containment", "security_event", "trigger", "withheld"};

// A port, so that tests can have a disk that is full.
class Ledger {
  public:
    Ledger() = default;
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    virtual ~Ledger() = default;

    // The index the next append will get. Valid until the next co_await.
    virtual std::uint64_t next_index() const = 0;
    // Not lazy: the call itself queues the record at next_index(), which moves on, or refuses it at
    // once, and next_index() stays; awaiting the result waits until it is durable. A result that is
    // never awaited, or a wait that is cancelled, leaves the record in the ledger. unavailable,
    // reason "ledger_failed", once a write went wrong, until resume; after a full disk, records of
    // containment_types still fit into a kept reserve.
    virtual Async<std::uint64_t> append(std::string type, encode::Json::Object members) = 0;
    // From now on each record is told, in order, as soon as it is durable: before whoever appended
    // it goes on, also where nobody waits for it any more. One listener.
    using Told = std::function<void(const ledger::Record& record)>;
    virtual void tell(Told told) = 0;
    virtual LedgerHead head() const = 0;  // durable records only
    // ledger_failed and why, while signing is stopped: until resume(). Asked before the chip is, or
    // it would sign what can only be withheld.
    virtual Done writable() const = 0;
    bool failed() const { return !writable(); }
    // Tries the disk again: the durable head, or why it is still not usable.
    virtual Async<LedgerHead> resume() = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LEDGER_H
