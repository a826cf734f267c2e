#include "hsm/tpm/attest_commands.h"

#include <algorithm>
#include <iterator>

#include "hsm/tpm/handles.h"
#include "hsm/tpm/marshal.h"

namespace holdfast::hsm {
namespace {

TPMT_SIG_SCHEME keys_own_scheme() {
    TPMT_SIG_SCHEME scheme{};
    scheme.scheme = TPM2_ALG_NULL;
    return scheme;
}

Result<Attested> attested(const TPM2B_ATTEST& attest, const TPMT_SIGNATURE& signature) {
    HOLDFAST_TRY(signature_bytes, marshalled<::Tss2_MU_TPMT_SIGNATURE_Marshal>(signature));
    const auto* start = static_cast<const std::uint8_t*>(attest.attestationData);
    return Attested{.attest = Bytes(start, start + attest.size),
                    .signature = std::move(signature_bytes)};
}

}  // namespace

Result<Attested> quote_pcrs(Connection& tpm, ESYS_TR ak, PcrMask pcrs, const Sha256& challenge) {
    HOLDFAST_TRY(qualifying, sized<TPM2B_DATA>(challenge));
    const TPML_PCR_SELECTION selection = selection_of(pcrs);
    const TPMT_SIG_SCHEME scheme = keys_own_scheme();
    Owned<TPM2B_ATTEST, ::Esys_Free> attest;
    Owned<TPMT_SIGNATURE, ::Esys_Free> signature;
    HOLDFAST_CHECK(tpm.run("Esys_Quote", [&] {
        return ::Esys_Quote(tpm.esys(), ak, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                            &qualifying, &scheme, &selection, out(attest), out(signature));
    }));
    return attested(*attest, *signature);
}

Result<Attested> certify_key(Connection& tpm, ESYS_TR key, ESYS_TR ak, const Sha256& challenge) {
    HOLDFAST_TRY(qualifying, sized<TPM2B_DATA>(challenge));
    const TPMT_SIG_SCHEME scheme = keys_own_scheme();
    Owned<TPM2B_ATTEST, ::Esys_Free> attest;
    Owned<TPMT_SIGNATURE, ::Esys_Free> signature;
    HOLDFAST_CHECK(tpm.run("Esys_Certify", [&] {
        return ::Esys_Certify(tpm.esys(), key, ak, ESYS_TR_PASSWORD, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                              &qualifying, &scheme, out(attest), out(signature));
    }));
    return attested(*attest, *signature);
}

Result<Attested> certify_nv(Connection& tpm, ESYS_TR ak, const NvAccess& index,
                            const Sha256& challenge) {
    HOLDFAST_TRY(found, nv_open(tpm, index));
    return certify_nv(tpm, ak, found, sizeof(std::uint64_t), challenge);
}

Result<Attested> certify_nv(Connection& tpm, ESYS_TR ak, const Lasting& index, std::uint16_t size,
                            const Sha256& challenge) {
    HOLDFAST_TRY(qualifying, sized<TPM2B_DATA>(challenge));
    const TPMT_SIG_SCHEME scheme = keys_own_scheme();
    Owned<TPM2B_ATTEST, ::Esys_Free> attest;
    Owned<TPMT_SIGNATURE, ::Esys_Free> signature;
    HOLDFAST_CHECK(tpm.run("Esys_NV_Certify", [&] {
        return ::Esys_NV_Certify(tpm.esys(), ak, index.handle(), index.handle(), ESYS_TR_PASSWORD,
                                 ESYS_TR_PASSWORD, ESYS_TR_NONE, &qualifying, &scheme, size, 0,
                                 out(attest), out(signature));
    }));
    return attested(*attest, *signature);
}

namespace {

// PolicyA of the EK Credential Profile: PolicySecret(endorsement).
Result<Transient> endorsement_session(Connection& tpm, TPMI_ALG_HASH hash) {
    TPMT_SYM_DEF no_encryption{};
    no_encryption.algorithm = TPM2_ALG_NULL;
    ESYS_TR handle = ESYS_TR_NONE;
    HOLDFAST_CHECK(tpm.run("Esys_StartAuthSession", [&] {
        return ::Esys_StartAuthSession(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                       ESYS_TR_NONE, ESYS_TR_NONE, nullptr, TPM2_SE_POLICY,
                                       &no_encryption, hash, &handle);
    }));
    Transient session(tpm, handle);
    // Kept over ActivateCredential; the owner above flushes it whatever happens.
    HOLDFAST_CHECK(
        check("Esys_TRSess_SetAttributes",
              ::Esys_TRSess_SetAttributes(tpm.esys(), handle, TPMA_SESSION_CONTINUESESSION,
                                          TPMA_SESSION_CONTINUESESSION)));
    Owned<TPM2B_TIMEOUT, ::Esys_Free> timeout;
    Owned<TPMT_TK_AUTH, ::Esys_Free> ticket;
    HOLDFAST_CHECK(tpm.run("Esys_PolicySecret", [&] {
        return ::Esys_PolicySecret(tpm.esys(), ESYS_TR_RH_ENDORSEMENT, handle, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, nullptr, nullptr, nullptr, 0,
                                   out(timeout), out(ticket));
    }));
    return session;
}

Result<SecretBytes> activate_with(Connection& tpm, ESYS_TR ak, ESYS_TR ek, ESYS_TR ek_session,
                                  ByteView blob, ByteView secret) {
    HOLDFAST_TRY(id_object,
                 (unmarshalled<::Tss2_MU_TPM2B_ID_OBJECT_Unmarshal, TPM2B_ID_OBJECT>(blob)));
    HOLDFAST_TRY(
        encrypted,
        (unmarshalled<::Tss2_MU_TPM2B_ENCRYPTED_SECRET_Unmarshal, TPM2B_ENCRYPTED_SECRET>(secret)));
    Owned<TPM2B_DIGEST, ::Esys_Free> credential;
    HOLDFAST_CHECK(tpm.run("Esys_ActivateCredential", [&] {
        return ::Esys_ActivateCredential(tpm.esys(), ak, ek, ESYS_TR_PASSWORD, ek_session,
                                         ESYS_TR_NONE, &id_object, &encrypted, out(credential));
    }));
    return SecretBytes(bytes_of_sized(*credential));
}

}  // namespace

Result<SecretBytes> activate_credential(Connection& tpm, ESYS_TR ak, ESYS_TR ek,
                                        const TPMT_PUBLIC& ek_public, ByteView blob,
                                        ByteView secret) {
    // High range: the empty auth value. Low range: the policy, as userWithAuth is CLEAR.
    if ((ek_public.objectAttributes & TPMA_OBJECT_USERWITHAUTH) != 0)
        return activate_with(tpm, ak, ek, ESYS_TR_PASSWORD, blob, secret);
    HOLDFAST_TRY(session, endorsement_session(tpm, ek_public.nameAlg));
    return activate_with(tpm, ak, ek, session.handle(), blob, secret);
}

}  // namespace holdfast::hsm
