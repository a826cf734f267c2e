// A TPM vendor's root and the EK certificates under it, for hosts that have no chip.
#ifndef HOLDFAST_TESTS_SUPPORT_EK_CERTIFICATE_H
#define HOLDFAST_TESTS_SUPPORT_EK_CERTIFICATE_H

#include <string>

#include "holdfast/bytes.h"
#include "tests/support/software_key.h"

namespace holdfast::tests {

struct EkCertificate {
    std::string manufacturer = "id:53544D20";
    std::string usage = "2.23.133.8.1";
    std::int64_t not_before = 0;  // Unix seconds
    std::int64_t not_after = 0;
};
// Self-signed, DER.
Bytes vendor_root(const SoftwareKey& key, std::int64_t not_before, std::int64_t not_after);
Bytes ek_certificate(const SoftwareKey& vendor, ByteView vendor_root, ByteView ek_spki,
                     const EkCertificate& wanted);

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_EK_CERTIFICATE_H
