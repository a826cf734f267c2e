#include "hsm/tpm/schemes.h"

#include <tss2/tss2_esys.h>

#include <array>
#include <set>
#include <utility>

#include "core/crypto/digest.h"
#include "core/crypto/hash.h"
#include "core/tpm2/structures.h"
#include "hsm/owned.h"

namespace holdfast::hsm {
namespace {

constexpr SigningScheme rsa(TPM2_ALG_ID scheme, TPMI_RSA_KEY_BITS bits) {
    return {TPM2_ALG_RSA, scheme, TPM2_ALG_SHA256, TPM2_ECC_NONE, bits};
}

constexpr std::array<std::pair<KeyAlgorithm, SigningScheme>, 6> schemes = {{
    {KeyAlgorithm::es256, es256_scheme},
    {KeyAlgorithm::es384, {TPM2_ALG_ECC, TPM2_ALG_ECDSA, TPM2_ALG_SHA384, TPM2_ECC_NIST_P384, 0}},
    {KeyAlgorithm::ps256_2048, rsa(TPM2_ALG_RSAPSS, 2048)},
    {KeyAlgorithm::ps256_3072, rsa(TPM2_ALG_RSAPSS, 3072)},
    {KeyAlgorithm::rs256_2048, rsa(TPM2_ALG_RSASSA, 2048)},
    {KeyAlgorithm::rs256_3072, rsa(TPM2_ALG_RSASSA, 3072)},
}};

// What a chip lists about itself.
struct Lists {
    std::set<TPM2_ALG_ID> algorithms;
    std::set<TPM2_ECC_CURVE> curves;
};

using Capability = Owned<TPMS_CAPABILITY_DATA, ::Esys_Free>;

struct Page {
    Capability data;
    bool more;
};

Result<Page> ask(Connection& tpm, TPM2_CAP what, UINT32 first, UINT32 at_most) {
    Capability data;
    TPMI_YES_NO more = 0;
    HOLDFAST_CHECK(tpm.run("Esys_GetCapability", [&] {
        return ::Esys_GetCapability(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, what,
                                    first, at_most, &more, out(data));
    }));
    return Page{std::move(data), more != 0};
}

Done list_algorithms(Connection& tpm, Lists& lists) {
    for (UINT32 first = TPM2_ALG_FIRST;;) {
        HOLDFAST_TRY(page, ask(tpm, TPM2_CAP_ALGS, first, TPM2_MAX_CAP_ALGS));
        const TPML_ALG_PROPERTY& found = page.data->data.algorithms;
        for (UINT32 i = 0; i < found.count; ++i)
            lists.algorithms.insert(found.algProperties[i].alg);
        const UINT32 next = found.count == 0 ? 0 : found.algProperties[found.count - 1].alg + 1U;
        if (!page.more || next <= first) return done();
        first = next;
    }
}

Done list_curves(Connection& tpm, Lists& lists) {
    // One answer holds more curves than there are.
    HOLDFAST_TRY(page, ask(tpm, TPM2_CAP_ECC_CURVES, 0, TPM2_MAX_ECC_CURVES));
    const TPML_ECC_CURVE& found = page.data->data.eccCurves;
    for (UINT32 i = 0; i < found.count; ++i)
        lists.curves.insert(found.eccCurves[i]);
    return done();
}

bool names(const Lists& lists, const SigningScheme& scheme) {
    return lists.algorithms.contains(scheme.type) && lists.algorithms.contains(scheme.scheme) &&
           lists.algorithms.contains(scheme.hash) &&
           (scheme.type != TPM2_ALG_ECC || lists.curves.contains(scheme.curve));
}

// What we have no action for is a no, whatever the chip dislikes.
Result<bool> takes(Connection& tpm, const SigningScheme& scheme) {
    const TPMT_PUBLIC_PARMS parameters = parameters_of(scheme);
    TSS2_RC code = TSS2_RC_SUCCESS;
    auto said = tpm.run("Esys_TestParms", [&] {
        code = ::Esys_TestParms(tpm.esys(), ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &parameters);
        return code;
    });
    if (said) return true;
    if (action_of(code) == Action::report) return false;
    return std::move(said).error();
}

}  // namespace

std::optional<SigningScheme> scheme_of(KeyAlgorithm algorithm) noexcept {
    for (const auto& [ours, scheme] : schemes)
        if (ours == algorithm) return scheme;
    return std::nullopt;
}

TPMT_PUBLIC_PARMS parameters_of(const SigningScheme& scheme) noexcept {
    TPMT_PUBLIC_PARMS made{};
    made.type = scheme.type;
    if (scheme.type == TPM2_ALG_ECC) {
        TPMS_ECC_PARMS& ecc = made.parameters.eccDetail;
        ecc.symmetric.algorithm = TPM2_ALG_NULL;
        ecc.scheme.scheme = scheme.scheme;
        ecc.scheme.details.anySig.hashAlg = scheme.hash;
        ecc.curveID = scheme.curve;
        ecc.kdf.scheme = TPM2_ALG_NULL;
        return made;
    }
    TPMS_RSA_PARMS& rsa = made.parameters.rsaDetail;
    rsa.symmetric.algorithm = TPM2_ALG_NULL;
    rsa.scheme.scheme = scheme.scheme;
    rsa.scheme.details.anySig.hashAlg = scheme.hash;
    rsa.keyBits = scheme.bits;
    return made;
}

Result<Bytes> digest_of(const SigningScheme& scheme, ByteView message) {
    if (scheme.hash == TPM2_ALG_SHA256) {
        const Sha256 digest = crypto::sha256(message);
        return Bytes(digest.begin(), digest.end());
    }
    return crypto::hash(tpm2::hash_name(scheme.hash), {message});
}

Result<std::vector<KeyAlgorithm>> find_algorithms(Connection& tpm) {
    Lists lists;
    HOLDFAST_CHECK(list_algorithms(tpm, lists));
    HOLDFAST_CHECK(list_curves(tpm, lists));
    std::vector<KeyAlgorithm> found = {KeyAlgorithm::es256};
    for (const auto& [algorithm, scheme] : schemes) {
        if (algorithm == KeyAlgorithm::es256 || !names(lists, scheme)) continue;
        HOLDFAST_TRY(taken, takes(tpm, scheme));
        if (taken) found.push_back(algorithm);
    }
    return found;
}

}  // namespace holdfast::hsm
