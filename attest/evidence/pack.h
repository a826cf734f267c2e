// Evidence as JSON: a CMW collection (RFC 9999) of what TPM and key said, and back.
#ifndef HOLDFAST_ATTEST_EVIDENCE_PACK_H
#define HOLDFAST_ATTEST_EVIDENCE_PACK_H

#include <string>
#include <string_view>

#include "holdfast/evidence.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_evidence = 8UL * 1024 * 1024;

std::string pack(const Evidence& evidence);
Result<Evidence> unpack(std::string_view json);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_EVIDENCE_PACK_H
