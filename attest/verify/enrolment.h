// Enrolment: the verifier makes a credential only one chip can open, and keeps the proof it did.
#ifndef HOLDFAST_ATTEST_VERIFY_ENROLMENT_H
#define HOLDFAST_ATTEST_VERIFY_ENROLMENT_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "holdfast/verifier.h"

namespace holdfast::attest {

// The reply of GET /v1/enroll/host: certificates as PEM, public areas as base64url.
struct HostKeys {
    std::vector<Bytes> ek_certificates;  // DER, leaf first
    Bytes ek_public;                     // TPMT_PUBLIC
    Bytes ak_public;                     // TPMT_PUBLIC
};
Result<HostKeys> host_keys_from(std::string_view json);

struct EnrolmentChallenge {
    std::string challenge;  // for the host: what POST /v1/enroll/activate takes
    std::string secret;     // stays here: keep it private until `finish`
};
// Refused unless the EK certificate chains to one of ek_roots and both keys are what they must be.
Result<EnrolmentChallenge> challenge_host(const HostKeys& host, const std::vector<Bytes>& ek_roots,
                                          std::int64_t now);

// The enrolment file, if the response holds the value that only that chip could recover.
// denied when it holds another one.
Result<std::string> finish_enrolment(std::string_view secret, std::string_view response,
                                     std::int64_t now);

struct Enrolment {
    Bytes ek_public;
    Bytes ak_name;
    std::int64_t time = 0;
};
Result<Enrolment> enrolment_from(std::string_view json);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_VERIFY_ENROLMENT_H
