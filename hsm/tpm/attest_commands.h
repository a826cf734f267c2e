// What the TPM says about itself, under the AK: quotes, certified keys, certified NV indices.
#ifndef HOLDFAST_HSM_TPM_ATTEST_COMMANDS_H
#define HOLDFAST_HSM_TPM_ATTEST_COMMANDS_H

#include <tss2/tss2_esys.h>

#include <cstdint>

#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/pcr.h"

namespace holdfast::hsm {

// Exactly these PCRs of the SHA-256 bank.
Result<Attested> quote_pcrs(Connection& tpm, ESYS_TR ak, PcrMask pcrs, const Sha256& challenge);

// Authorised by the key's empty auth value: adminWithPolicy is CLEAR, so Certify needs no policy.
Result<Attested> certify_key(Connection& tpm, ESYS_TR key, ESYS_TR ak, const Sha256& challenge);

// The whole eight bytes of a counter or a bank.
Result<Attested> certify_nv(Connection& tpm, ESYS_TR ak, const NvAccess& index,
                            const Sha256& challenge);
// The first `size` bytes of an index that is open already, its auth value set.
Result<Attested> certify_nv(Connection& tpm, ESYS_TR ak, const Lasting& index, std::uint16_t size,
                            const Sha256& challenge);

// blob and secret with their size fields. How the EK is authorised follows from its public area.
Result<SecretBytes> activate_credential(Connection& tpm, ESYS_TR ak, ESYS_TR ek,
                                        const TPMT_PUBLIC& ek_public, ByteView blob,
                                        ByteView secret);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_ATTEST_COMMANDS_H
