// Bundles: 256 records one after the other, as C2SP tlog-tiles stores entries.
#ifndef HOLDFAST_LEDGER_BUNDLE_H
#define HOLDFAST_LEDGER_BUNDLE_H

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "ledger/record.h"

namespace holdfast::ledger {

inline constexpr std::uint64_t bundle_records = 256;
inline constexpr std::size_t max_bundle = bundle_records * (2 + max_record);

// Number → path element of tlog-tiles: 1234067 is "x001/x234/067". And back; nothing for any other
// text.
std::string bundle_path(std::uint64_t number);
std::optional<std::uint64_t> bundle_number(std::string_view path);

// Big-endian uint16 length, then the record (1…max_record bytes; the caller has checked).
void append_entry(Bytes& bundle, ByteView record);

// The whole record that starts at `offset`; nothing when what is there is no whole record.
std::optional<ByteView> entry_at(ByteView bundle, std::size_t offset);

// May `rest` be what a crash left of entries that were being appended: the beginning of one record,
// then perhaps zeros where blocks were never written? An edited length or record is not.
bool is_torn_tail(ByteView rest);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_BUNDLE_H
