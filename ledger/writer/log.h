// Log: the ledger on disk, entry bundles of 256 records (C2SP tlog-tiles), appended and synced.
#ifndef HOLDFAST_LEDGER_WRITER_LOG_H
#define HOLDFAST_LEDGER_WRITER_LOG_H

#include <functional>
#include <memory>
#include <span>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"
#include "ledger/tree.h"

namespace holdfast::ledger {

// Blocking; used by the writer thread only (and at start).
class Log {
  public:
    // Reads all there is, in order, through `each` (index, record). A torn tail, which was never
    // acknowledged, is cut off; anything wrong before the tail is an error: the ledger was edited.
    using Each = std::function<Done(std::uint64_t index, ByteView record)>;
    static Result<Log> open(const std::string& directory, const Each& each);

    // All of them durable (fdatasync) when it returns, or none acknowledged.
    Done append(std::span<const Bytes> records);
    // After a failed append: cuts back to what is known to be durable, so that append may be tried.
    Done recover();
    LedgerHead head() const;
};

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_LOG_H
