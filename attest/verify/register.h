// The register: what happened on this host since boot, and whether this agent's code is among it.
#ifndef HOLDFAST_ATTEST_VERIFY_REGISTER_H
#define HOLDFAST_ATTEST_VERIFY_REGISTER_H

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "attest/eventlog/register_log.h"
#include "attest/verify/credential.h"
#include "attest/verify/sheet.h"
#include "core/tpm2/structures.h"
#include "holdfast/evidence.h"

namespace holdfast::attest {

// What must hold of every register that is shown.
inline constexpr std::array register_rules = {
    "register.public", "register.format", "register.signature", "register.challenge",
    "register.name",   "register.log",    "register.value",     "register.anchor"};

// A log that reads, and how much of it the TPM vouches for.
struct CertifiedLog {
    RegisterLog log;
    std::size_t records = 0;  // of the log's, the anchor included: the prefix the value is of

    std::span<const CelRecord> certified() const { return std::span(log.records).first(records); }
};

// Makes the register.* rules required, or says why they are not run: the evidence has no register.
void require_register(Sheet& sheet, const Evidence& evidence);

// register.public, .name, .log, .value and .anchor. `attest` is the statement, if there is one.
std::optional<CertifiedLog> check_register(Sheet& sheet, const Evidence& evidence,
                                           const std::optional<tpm2::Attest>& attest,
                                           const Expectations& expected);

// register.launch, for the key of this Name, and register.manifests; the launches of a register
// that passed are noted.
void check_launches(Sheet& sheet, const std::optional<CertifiedLog>& log, ByteView key_name,
                    const std::optional<Subject>& subject, const Expectations& expected);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_REGISTER_H
