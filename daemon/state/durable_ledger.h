// DurableLedger: the Ledger port over the writer thread; the event loop never waits for a disk.
#ifndef HOLDFAST_DAEMON_STATE_DURABLE_LEDGER_H
#define HOLDFAST_DAEMON_STATE_DURABLE_LEDGER_H

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "daemon/state/ledger.h"
#include "daemon/state/registry.h"
#include "ledger/record.h"
#include "ledger/writer/writer.h"

namespace holdfast::daemon {

// Every member is called on the loop's thread. Destroyed before the loop's io_context; the
// destructor waits until the disk has what was queued.
class DurableLedger final : public Ledger {
  public:
    using Now = std::function<std::int64_t()>;  // Unix seconds

    // Given each record in order while the ledger is opened, so that what follows from all of them
    // can be built again. An Error of it ends the opening.
    using Fold = std::function<Done(const ledger::Record&)>;

    // Blocking: reads the whole ledger, so call it before the loop runs. The registry remembers the
    // head of the last orderly end (and of this opening): a ledger that does not continue it was
    // edited or restored from a backup and is refused.
    static Result<std::unique_ptr<DurableLedger>> open(const std::string& directory,
                                                       Registry& registry,
                                                       boost::asio::any_io_executor loop, Now now,
                                                       const Fold& fold);
    struct State;
    explicit DurableLedger(
        std::unique_ptr<State> state);  // by open() only: nobody else has a State
    ~DurableLedger() override;

    std::uint64_t next_index() const override;
    Async<std::uint64_t> append(std::string type, encode::Json::Object members) override;
    void tell(Told told) override;
    LedgerHead head() const override;
    Done writable() const override;
    Async<LedgerHead> resume() override;

    // For the orderly end: the registry remembers the durable head.
    Done remember_head(Registry& registry) const;

  private:
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_DURABLE_LEDGER_H
