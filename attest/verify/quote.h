// What a TPM signed: reading statements of the AK, and whether a quote covers the PCRs given.
#ifndef HOLDFAST_ATTEST_VERIFY_QUOTE_H
#define HOLDFAST_ATTEST_VERIFY_QUOTE_H

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "attest/verify/sheet.h"
#include "core/tpm2/structures.h"
#include "holdfast/evidence.h"

namespace holdfast::attest {

// Bank (TPM_ALG_ID) → PCR → value.
using PcrBanks = std::map<std::uint16_t, std::map<std::uint8_t, Bytes>>;

// Supplied and quoted PCRs must be the same set: a value that no quote covers proves nothing.
Done check_pcr_selection(const tpm2::QuoteInfo& quote, const PcrBanks& pcrs);
// The digest is made with the hash of the *signature*, not of the bank (Part 3, 18.4).
Done check_pcr_digest(const tpm2::QuoteInfo& quote, const PcrBanks& pcrs,
                      std::uint16_t signature_hash);

// The attestation key, once read: what every statement must be signed by.
struct Signer {
    tpm2::Public key;
    Bytes qualified_name;  // as a primary of the endorsement hierarchy
};
std::optional<Signer> check_ak(Sheet& sheet, ByteView ak_public);

// Runs <rule>.format, .signature and .challenge, and ak.hierarchy.
std::optional<tpm2::Attest> check_statement(Sheet& sheet, const std::string& rule,
                                            const Attested& attested, const Signer& ak,
                                            ByteView challenge);

void check_quote(Sheet& sheet, const tpm2::Attest& attest, const TpmEvidence& evidence);

// The statement as what it should be; fails <rule>.format if it is of another type.
template <class Info>
const Info* as(Sheet& sheet, const std::string& rule, const tpm2::Attest& attest) {
    const Info* info = std::get_if<Info>(&attest.what);
    if (info == nullptr) sheet.fail(rule + ".format", "a statement of another type");
    return info;
}

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_QUOTE_H
