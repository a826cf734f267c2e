// Numbers of 64 bits in evidence: as hex, because not every reader of JSON keeps them whole.
#ifndef HOLDFAST_ATTEST_EVIDENCE_NUMBERS_H
#define HOLDFAST_ATTEST_EVIDENCE_NUMBERS_H

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/fields.h"
#include "holdfast/result.h"

namespace holdfast::attest {

std::string hex_of(std::uint64_t value);  // 16 digits
Result<std::uint64_t> number_from_hex(encode::Fields& fields, std::string_view name);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVIDENCE_NUMBERS_H
