// Writer: the thread that makes records durable, many at once, and tells when they are.
#ifndef HOLDFAST_LEDGER_WRITER_WRITER_H
#define HOLDFAST_LEDGER_WRITER_WRITER_H

#include <functional>
#include <memory>

#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "ledger/writer/log.h"

namespace holdfast::ledger {

inline constexpr std::size_t max_waiting_records = 4096;

// Called on the writer's thread; post to your own loop.
using Written = std::function<void(Done)>;

// After one write error everything fails (unavailable, reason "ledger_failed") until resume().
class Writer {
  public:
    explicit Writer(Log log);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();  // writes what waits, then ends the thread

    // Never blocks. busy when max_waiting_records wait.
    Done append(Bytes record, Written written);
    // Tries the disk again; `resumed` gets the durable head or why not.
    void resume(std::function<void(Result<LedgerHead>)> resumed);

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_WRITER_H
