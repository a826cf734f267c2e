// CEL: records of a TCG Canonical Event Log (Format 1.0) as lines of JSON, and how they add up.
#ifndef HOLDFAST_ATTEST_EVENTLOG_CEL_H
#define HOLDFAST_ATTEST_EVENTLOG_CEL_H

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// Evidence carries the whole log, and is at most 8 MiB in base64.
inline constexpr std::size_t max_cel_content = 16UL * 1024;  // canonical JSON
inline constexpr std::size_t max_cel_line = max_cel_content + 512;
inline constexpr std::size_t max_cel_records = 16'384;
inline constexpr std::size_t max_cel_log = 5UL * 1024 * 1024;

inline constexpr std::string_view cel_content_type = "holdfast";

// What a record was extended into.
enum class CelPlace : std::uint8_t { pcr = 1, nv_index = 2 };

struct CelRecord {
    std::uint64_t recnum = 0;
    CelPlace place = CelPlace::nv_index;
    std::uint32_t index = 0;  // of the PCR or the NV index
    Sha256 digest{};          // of the content; what was extended
    std::string content;      // a JSON object, canonical
    friend bool operator==(const CelRecord&, const CelRecord&) = default;
};

// The digest is made here. invalid: the content is no canonical JSON object, or too long or deep.
Result<CelRecord> make_cel_record(std::uint64_t recnum, CelPlace place, std::uint32_t index,
                                  std::string content);

// Canonical JSON (RFC 8785) and a newline: one text for each record.
std::string to_cel_line(const CelRecord& record);

// The line without its newline. Refuses every other spelling, other content types, other hashes
// than one SHA-256, and a digest that is not the content's.
Result<CelRecord> parse_cel_line(std::string_view line);

// Every line ended by a newline, record numbers 0, 1, 2 … . An error names the record.
Result<std::vector<CelRecord>> parse_cel(std::string_view text);

// new = H(old ‖ data): TPM2_PCR_Extend and TPM2_NV_Extend alike (TPM 2.0 Part 3, 22.2 and 31.7),
// starting from 32 zero bytes.
Sha256 extended(const Sha256& old, const Sha256& data);

// After how many of these records, 0 … all, what began as `start` holds `value`; nothing if never.
std::optional<std::size_t> find_prefix(const Sha256& start, std::span<const CelRecord> records,
                                       const Sha256& value);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVENTLOG_CEL_H
