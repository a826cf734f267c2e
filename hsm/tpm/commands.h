// Keys inside the TPM: made, loaded, described, and the one place that signs with them.
#ifndef HOLDFAST_HSM_TPM_COMMANDS_H
#define HOLDFAST_HSM_TPM_COMMANDS_H

#include <tss2/tss2_esys.h>

#include <cstdint>
#include <span>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/handles.h"
#include "hsm/tpm/policy_session.h"
#include "hsm/tpm/schemes.h"

namespace holdfast::hsm {

// A key as it rests on the disk: TPM2B_PUBLIC and TPM2B_PRIVATE, marshalled.
struct KeyAreas {
    Bytes public_area;
    Bytes private_area;
};

Result<KeyAreas> create_key(Connection& tpm, ESYS_TR parent, const TPM2B_PUBLIC& wanted);
// denied with reason other_tpm when the areas were not made under this parent.
Result<Transient> load_key(Connection& tpm, ESYS_TR parent, const KeyAreas& areas);
// Empty auth value; the hierarchy's own auth is on the context.
Result<Transient> create_primary(Connection& tpm, ESYS_TR hierarchy, const TPM2B_PUBLIC& wanted);
Result<Lasting> make_persistent(Connection& tpm, ESYS_TR object, TPM2_HANDLE at);
Result<TPMT_PUBLIC> read_public_area(Connection& tpm, ESYS_TR object);

// TPMT_PUBLIC, marshalled, of a marshalled TPM2B_PUBLIC.
Result<Bytes> tpmt_public_of(ByteView tpm2b_public);

// One PolicyNV of a key's policy, with what authorises reading its index.
struct PolicyTerm {
    TPM2_HANDLE index;
    ByteView auth;
    std::uint64_t operand;
    TPM2_EO operation;
};

// By a key with exactly this scheme.
struct ToSign {
    const SigningScheme& scheme;
    ByteView digest;  // as long as the scheme's hash
};

// Three chip commands with two terms: PolicyNV, PolicyNV, Sign, and StartAuthSession before them
// unless the session is kept from the signature before. Without terms the empty password signs.
// Answers the signature in JWS form, not yet verified; denied with reason fuse_blown when the
// policy does not hold any more.
Result<Bytes> sign_digest(Connection& tpm, PolicySession& session, ESYS_TR key,
                          std::span<const PolicyTerm> terms, const ToSign& what);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_COMMANDS_H
