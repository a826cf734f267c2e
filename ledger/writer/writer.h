// Writer: the thread that makes records durable, many at once, and tells when they are.
#ifndef HOLDFAST_LEDGER_WRITER_WRITER_H
#define HOLDFAST_LEDGER_WRITER_WRITER_H

#include <cstdint>
#include <functional>
#include <memory>

#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "ledger/writer/log.h"

namespace holdfast::ledger {

inline constexpr std::size_t max_waiting_records = 4096;
inline constexpr std::size_t max_waiting_containment = 64;  // on top: stopping is never refused

// Called on the writer's thread, in the order of the records; post to your own loop. The durable
// head, or why this record is not in the ledger.
using Written = std::function<void(const Result<LedgerHead>&)>;

enum class Priority : std::uint8_t { ordinary, containment };

// One thread, one fdatasync for all that waits. After a write error everything that waits fails,
// and everything after it, with unavailable and reason "ledger_failed", until resume(). Only when
// the disk is full the reserve is given back and records of Priority::containment still go through.
class Writer {
  public:
    explicit Writer(Log log);
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    ~Writer();  // writes what waits, then ends the thread

    // Never blocks. busy when too many wait. `index` is where the caller says the record goes (it
    // is written in the record): after a failure the indices of what was lost are used again. A
    // caller who has not heard of it yet is refused; a containment record then fails through
    // `written`, after the records that were lost, so that the caller can queue it anew.
    Done append(std::uint64_t index, Bytes record, Priority priority, Written written);
    // Tries the disk again, and keeps the reserve again; the durable head, or why not.
    void resume(Written resumed);
    // ledger_failed and why, while ordinary records are refused.
    Done healthy() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_WRITER_H
