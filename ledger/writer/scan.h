// Scan: reads a whole ledger from disk and says what is in it, and where the next record goes.
#ifndef HOLDFAST_LEDGER_WRITER_SCAN_H
#define HOLDFAST_LEDGER_WRITER_SCAN_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "ledger/tree.h"

namespace holdfast::ledger {

inline constexpr const char* entries_directory = "tile/entries";  // C2SP tlog-tiles

struct Position {
    std::uint64_t bundle = 0;
    std::uint64_t bytes = 0;  // offset in that bundle's file
};

struct Scan {
    Tree tree;
    Position end;
    std::uint64_t torn_bytes = 0;  // after `end`, of a write that was never acknowledged
};

using Each = std::function<Done(std::uint64_t index, ByteView record)>;

// Reads only. Errors have the reason "ledger_edited" and name file and offset; `known`, a head
// remembered elsewhere, must be one this ledger grew from.
Result<Scan> scan(const std::string& directory, const std::optional<LedgerHead>& known,
                  const Each& each);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_SCAN_H
