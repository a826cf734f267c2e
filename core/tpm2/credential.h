// TPM2_MakeCredential in software: the verifier's half of binding an AK to an EK.
#ifndef HOLDFAST_CORE_TPM2_CREDENTIAL_H
#define HOLDFAST_CORE_TPM2_CREDENTIAL_H

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::tpm2 {

struct MadeCredential {
    Bytes blob;    // TPM2B_ID_OBJECT, with its size field
    Bytes secret;  // TPM2B_ENCRYPTED_SECRET, with its size field
};

// TPM 2.0 Part 1, 24 and B.10/C.6; ek_public is TPMT_PUBLIC (RSA-2048, P-256 or P-384).
// Only the TPM that holds both the EK and an object of that Name can recover `value`.
Result<MadeCredential> make_credential(ByteView ek_public, ByteView name, const SecretBytes& value);

// The same with the random choice given, for known answers: `chosen` is the seed (RSA EK) or the
// ephemeral scalar (ECC EK). Whoever knows it can open the credential.
Result<MadeCredential> make_credential_with(ByteView ek_public, ByteView name,
                                            const SecretBytes& value, const SecretBytes& chosen);

}  // namespace holdfast::tpm2

#endif  // HOLDFAST_CORE_TPM2_CREDENTIAL_H
