// Log: the ledger on disk, entry bundles of 256 records (C2SP tlog-tiles), appended and synced.
#ifndef HOLDFAST_LEDGER_WRITER_LOG_H
#define HOLDFAST_LEDGER_WRITER_LOG_H

#include <optional>
#include <span>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"
#include "ledger/tree.h"
#include "ledger/writer/disk.h"
#include "ledger/writer/scan.h"

namespace holdfast::ledger {

// Disk space kept for containment records: some 1,000 of them.
inline constexpr std::uint64_t reserve_size = 512UL * 1024;

// Blocking; used by the writer thread only (and at start). Layout: tile/entries/<N> as in
// tlog-tiles, except that the newest bundle grows in place at its final path; hash tiles
// (tile/<L>/<N>) and published partial bundles (<N>.p/<W>) have their places free beside it.
class Log {
  public:
    // Reads all there is, in order, through `each` (index, record). A torn tail, which was never
    // acknowledged, is cut off; anything wrong before the tail is an error: the ledger was edited.
    // conflict when another process has it open.
    static Result<Log> open(const std::string& directory, const std::optional<LedgerHead>& known,
                            const Each& each, Disk disk = {});

    // All of them durable (fdatasync) when it returns, or none acknowledged. After an error, whose
    // reason is disk_full or disk_error, nothing is accepted until recover().
    Done append(std::span<const Bytes> records);
    // After a failed append: cuts back to what is known to be durable, so that append may be tried.
    Done recover();
    LedgerHead head() const { return tree_.head(); }
    std::uint64_t torn_bytes() const noexcept { return torn_bytes_; }  // cut off when it was opened

    // The reserve is a file of reserve_size whose blocks are given back when the disk is full.
    bool has_reserve() const noexcept { return has_reserve_; }
    Done keep_reserve();
    Done free_reserve();

  private:
    Log(std::string directory, Descriptor lock, Disk disk)
        : directory_(std::move(directory)), lock_(std::move(lock)), disk_(std::move(disk)) {}
    std::string path_of(std::uint64_t bundle) const;
    Done open_newest(const Position& at);
    Done write_entries(const Position& at, ByteView entries);
    Done cut_newest();
    Done sync_found() const;
    Done remove_bundles_after(std::uint64_t bundle);

    std::string directory_;
    Descriptor lock_;  // the directory, flocked
    Disk disk_;
    Tree tree_;
    Position end_;                         // of what is durable and acknowledged
    std::optional<std::uint64_t> opened_;  // which bundle newest_ is
    Descriptor newest_;
    std::uint64_t torn_bytes_ = 0;
    bool has_reserve_ = false;
    bool failed_ = false;
};

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_WRITER_LOG_H
