// Measurement: what code stands behind an instance, and how much that statement is worth.
#ifndef HOLDFAST_MEASUREMENT_H
#define HOLDFAST_MEASUREMENT_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast {

// Named in every credential, action and evidence; never a boolean.
enum class Assurance : std::uint8_t {
    observed = 1,  // looked at from outside: forgeable by the same uid
    launched = 2,
    recorded = 3,
    enforced = 4,
};
std::string_view to_string(Assurance assurance) noexcept;
Result<Assurance> parse_assurance(std::string_view text);

struct MeasuredFile {
    std::string path;  // as the kernel showed it: a label, never evidence
    Sha256 digest{};
    friend bool operator==(const MeasuredFile&, const MeasuredFile&) = default;
};

struct Measurement {
    Assurance assurance = Assurance::observed;
    MeasuredFile executable;
    std::vector<MeasuredFile> mappings;  // other file-backed executable mappings, ordered by digest
    Sha256 digest{};                     // over all of the above; see measurement_digest
};

// SHA-256("holdfast-measurement-v1\n" ‖ executable digest ‖ each mapping's digest, ordered).
// Paths are left out: a label must not change what is proved. Defined in attest/measure.

}  // namespace holdfast

#endif  // HOLDFAST_MEASUREMENT_H
