// The credential rules: is this chain an X.509-SVID of ours, from an issuer that is accepted?
#ifndef HOLDFAST_ATTEST_VERIFY_CREDENTIAL_H
#define HOLDFAST_ATTEST_VERIFY_CREDENTIAL_H

#include <optional>
#include <span>
#include <string>

#include "attest/verify/sheet.h"
#include "core/crypto/certificate.h"

namespace holdfast::attest {

// The issuer's statement about custody, fuse and code (crypto::claims_oid).
struct Claims {
    std::string custody;
    std::string fuse;
    std::string assurance;
    std::string measurement;  // lower-case hex
};

struct Subject {
    crypto::Certificate leaf;
    std::string spiffe_id;         // empty if there is not exactly one
    std::optional<Claims> claims;  // nothing if they could not be read
};

// Runs every credential.* rule as of `time` (Unix seconds). Nothing when the leaf does not parse.
std::optional<Subject> check_credential(Sheet& sheet, std::span<const Bytes> chain,
                                        std::int64_t time, const Expectations& expected);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_CREDENTIAL_H
