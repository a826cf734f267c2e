// Key blobs: "TSS2 PRIVATE KEY" PEM, so that other tools can read the public part.
#ifndef HOLDFAST_HSM_TPM_KEY_BLOB_H
#define HOLDFAST_HSM_TPM_KEY_BLOB_H

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/commands.h"

namespace holdfast::hsm {

// TPMKey of draft-woodhouse-cert-best-practice: OID 2.23.133.10.1.3, emptyAuth TRUE, parent,
// TPM2B_PUBLIC, TPM2B_PRIVATE. No policy field: tpm2-openssl 1.1 refuses keys that have one, and
// without our NV auth values it could not satisfy it anyway.
std::string to_key_blob(std::uint32_t parent, const KeyAreas& areas);

// Exactly what to_key_blob writes, for that parent; anything else is invalid.
Result<KeyAreas> from_key_blob(std::string_view pem, std::uint32_t parent);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_KEY_BLOB_H
