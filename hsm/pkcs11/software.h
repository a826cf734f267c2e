// Which tokens are software, by what they and their library say of themselves. One that lies is not
// found out here: custody is a claim of the host.
#ifndef HOLDFAST_HSM_PKCS11_SOFTWARE_H
#define HOLDFAST_HSM_PKCS11_SOFTWARE_H

#include <string>

#include "hsm/pkcs11/uri.h"

namespace holdfast::hsm::pkcs11 {

// CK_INFO, without padding.
struct LibraryNames {
    std::string manufacturer;
    std::string description;
};

bool is_software(const TokenNames& token, const LibraryNames& library);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_SOFTWARE_H
