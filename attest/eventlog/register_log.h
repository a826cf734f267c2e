// The register's log: which events there are, how it begins, and what the register then holds.
#ifndef HOLDFAST_ATTEST_EVENTLOG_REGISTER_LOG_H
#define HOLDFAST_ATTEST_EVENTLOG_REGISTER_LOG_H

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attest/eventlog/cel.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// How an agent's code begins and ends. `launch` has the members that follow, the others at least
// agent and time; docs/verifying.md lists them.
inline constexpr std::string_view launch_event = "launch";
inline constexpr std::string_view anchor_event = "anchor";

// The last part of a log is kept for events that end something: a host that launches until its log
// is full can still record that it stopped.
inline constexpr std::size_t reserved_cel_records = 1024;
inline constexpr std::size_t reserved_cel_bytes = 512UL * 1024;

// An event the front may ask for: a canonical JSON object of at most max_cel_content bytes whose
// "type" is one of ours. The anchor is the worker's own and not among them.
Done check_event(std::string_view content);

// busy, reason register_full: a log of `records` and `bytes` does not take this event.
Done check_room(std::size_t records, std::size_t bytes, std::string_view content);

// The first event of a boot. Its digest is extended into a PCR that cannot be reset before the next
// one, so the register cannot be begun a second time under the same Name (TPM 2.0 Part 1, 16).
struct Anchor {
    Bytes name;      // of the NV index, WRITTEN set: the Name it has from the first event on
    Sha256 value{};  // what it held then: 32 random bytes, extended and forgotten
    std::uint32_t reset_count = 0;
    std::uint32_t restart_count = 0;  // 0 after a TPM Reset; more after a TPM Restart (hibernation)
    friend bool operator==(const Anchor&, const Anchor&) = default;
};
std::string to_content(const Anchor& anchor);
Result<Anchor> anchor_from(std::string_view content);

// A log whose first record, and no other, is the anchor, extended into a PCR that may be one; all
// others were extended into one NV index.
struct RegisterLog {
    Anchor anchor;
    std::uint8_t pcr = 0;
    std::vector<CelRecord> records;

    std::span<const CelRecord> events() const { return std::span(records).subspan(1); }
    // What the PCR holds if nothing else was ever extended into it.
    Sha256 anchored_pcr() const { return extended(Sha256{}, records.front().digest); }
};
Result<RegisterLog> read_register_log(std::vector<CelRecord> records);
Result<RegisterLog> read_register_log(std::string_view text);

// The string member of that name; empty when there is none or it is something else.
std::string member_of(const CelRecord& record, std::string_view name);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVENTLOG_REGISTER_LOG_H
