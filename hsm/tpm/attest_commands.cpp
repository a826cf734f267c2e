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

TPML_PCR_SELECTION selection_of(std::uint8_t mask) {
    TPML_PCR_SELECTION selection{};
    selection.count = 1;
    selection.pcrSelections[0].hash = TPM2_ALG_SHA256;
    selection.pcrSelections[0].sizeofSelect = 3;
    selection.pcrSelections[0].pcrSelect[0] = mask;
    return selection;
}

Result<Attested> attested(const TPM2B_ATTEST& attest, const TPMT_SIGNATURE& signature) {
    HOLDFAST_TRY(signature_bytes, marshalled<::Tss2_MU_TPMT_SIGNATURE_Marshal>(signature));
    const auto* start = static_cast<const std::uint8_t*>(attest.attestationData);
    return Attested{.attest = Bytes(start, start + attest.size),
                    .signature = std::move(signature_bytes)};
}

// Which of the wanted PCRs came back, and their values; the TPM may answer with fewer.
Result<std::uint8_t> take_values(const TPML_PCR_SELECTION& got, const TPML_DIGEST& values,
                                 PcrValues& into) {
    const std::uint8_t mask = got.count == 1 ? got.pcrSelections[0].pcrSelect[0] : std::uint8_t{0};
    UINT32 next = 0;
    for (std::uint8_t pcr = 0; pcr < boot_pcrs; ++pcr) {
        if ((mask & (1U << pcr)) == 0) continue;
        Sha256 value{};
        if (next >= values.count || values.digests[next].size != value.size())
            return Error(Code::unavailable, "PCR_Read: an unexpected answer");
        const auto* start = static_cast<const std::uint8_t*>(values.digests[next++].buffer);
        std::copy(start, start + value.size(), value.begin());
        into[pcr] = value;
    }
    return mask;
}

}  // namespace

Result<PcrValues> read_boot_pcrs(Connection& tpm) {
    PcrValues values;
    std::uint8_t wanted = 0xFF;
    while (wanted != 0) {
        const TPML_PCR_SELECTION selection = selection_of(wanted);
        UINT32 counter = 0;
        Owned<TPML_PCR_SELECTION, ::Esys_Free> got;
        Owned<TPML_DIGEST, ::Esys_Free> digests;
        HOLDFAST_CHECK(tpm.run("Esys_PCR_Read", [&] {
            return ::Esys_PCR_Read(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &selection,
                                   &counter, out(got), out(digests));
        }));
        HOLDFAST_TRY(taken, take_values(*got, *digests, values));
        if ((taken & wanted) == 0)
            return Error(Code::unavailable, "this TPM has no SHA-256 PCR bank");
        wanted = static_cast<std::uint8_t>(wanted & ~taken);
    }
    return values;
}

Result<Attested> quote_boot_pcrs(Connection& tpm, ESYS_TR ak, const Sha256& challenge) {
    HOLDFAST_TRY(qualifying, sized<TPM2B_DATA>(challenge));
    const TPML_PCR_SELECTION selection = selection_of(0xFF);
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
    HOLDFAST_TRY(qualifying, sized<TPM2B_DATA>(challenge));
    HOLDFAST_TRY(found, nv_open(tpm, index));
    const TPMT_SIG_SCHEME scheme = keys_own_scheme();
    constexpr UINT16 whole = sizeof(std::uint64_t);
    Owned<TPM2B_ATTEST, ::Esys_Free> attest;
    Owned<TPMT_SIGNATURE, ::Esys_Free> signature;
    HOLDFAST_CHECK(tpm.run("Esys_NV_Certify", [&] {
        return ::Esys_NV_Certify(tpm.esys(), ak, found.handle(), found.handle(), ESYS_TR_PASSWORD,
                                 ESYS_TR_PASSWORD, ESYS_TR_NONE, &qualifying, &scheme, whole, 0,
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
