// Records: what the ledger keeps of each decision, as canonical JSON. One record is one leaf.
#ifndef HOLDFAST_LEDGER_RECORD_H
#define HOLDFAST_LEDGER_RECORD_H

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::ledger {

inline constexpr std::size_t max_record = 60UL * 1024;  // entry bundles prefix 16-bit lengths

// Types: "action", "withheld", "refused", "strangers", "credential", "evidence", "containment",
// "agent", "operators", "trigger", "heartbeat", "security_event", "start". docs/protocol.md lists
// their members.
struct Record {
    std::string type;
    std::int64_t time = 0;    // Unix seconds
    std::uint64_t index = 0;  // its own leaf index: a record cannot be moved
    encode::Json::Object members;
};

// {"index":…,"time":…,"type":…, members…}, RFC 8785. invalid past max_record.
Result<Bytes> encode_record(const Record& record);
Result<Record> decode_record(ByteView leaf);

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_RECORD_H
