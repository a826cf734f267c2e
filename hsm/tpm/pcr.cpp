#include "hsm/tpm/pcr.h"

#include <algorithm>

#include "hsm/owned.h"

namespace holdfast::hsm {
namespace {

PcrMask mask_of(const TPML_PCR_SELECTION& selection) {
    if (selection.count != 1) return 0;
    const TPMS_PCR_SELECTION& bank = selection.pcrSelections[0];
    PcrMask mask = 0;
    for (unsigned byte = 0; byte < pcr_count / 8; ++byte)
        mask |= PcrMask{bank.pcrSelect[byte]} << (8U * byte);
    return mask;
}

// Which of the wanted PCRs came back, and their values; the TPM may answer with fewer.
Result<PcrMask> take_values(const TPML_PCR_SELECTION& got, const TPML_DIGEST& values,
                            PcrValues& into) {
    const PcrMask mask = mask_of(got);
    UINT32 next = 0;
    for (std::uint8_t pcr = 0; pcr < pcr_count; ++pcr) {
        if ((mask & pcr_bit(pcr)) == 0) continue;
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

TPML_PCR_SELECTION selection_of(PcrMask wanted) {
    TPML_PCR_SELECTION selection{};
    selection.count = 1;
    TPMS_PCR_SELECTION& bank = selection.pcrSelections[0];
    bank.hash = TPM2_ALG_SHA256;
    bank.sizeofSelect = pcr_count / 8;
    for (unsigned byte = 0; byte < pcr_count / 8; ++byte)
        bank.pcrSelect[byte] = static_cast<BYTE>(wanted >> (8U * byte));
    return selection;
}

Result<PcrValues> read_pcrs(Connection& tpm, PcrMask wanted) {
    PcrValues values;
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
        wanted &= ~taken;
    }
    return values;
}

Done pcr_extend(Connection& tpm, std::uint8_t pcr, const Sha256& digest) {
    TPML_DIGEST_VALUES values{};
    values.count = 1;
    values.digests[0].hashAlg = TPM2_ALG_SHA256;
    std::ranges::copy(digest, std::begin(values.digests[0].digest.sha256));
    // ESYS_TR_PCR0 … ESYS_TR_PCR31 are the numbers 0 … 31 (TSS ESAPI, 10.3).
    return tpm.run("Esys_PCR_Extend", [&] {
        return ::Esys_PCR_Extend(tpm.esys(), ESYS_TR_PCR0 + pcr, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                 ESYS_TR_NONE, &values);
    });
}

Result<Starts> read_starts(Connection& tpm) {
    Owned<TPMS_TIME_INFO, ::Esys_Free> time;
    HOLDFAST_CHECK(tpm.run("Esys_ReadClock", [&] {
        return ::Esys_ReadClock(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, out(time));
    }));
    return Starts{.reset_count = time->clockInfo.resetCount,
                  .restart_count = time->clockInfo.restartCount};
}

}  // namespace holdfast::hsm
