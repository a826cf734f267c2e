#include "core/tpm2/structures.h"

#include <tss2/tss2_tpm2_types.h>

#include <algorithm>
#include <array>
#include <string>

#include "core/crypto/public_key.h"
#include "core/crypto/signature.h"
#include "core/tpm2/unmarshal.h"

namespace holdfast::tpm2 {
namespace {

constexpr std::uint16_t no_algorithm = 0;
constexpr std::uint32_t usual_exponent = 65537;  // which TPMs write as 0

Error refused(const char* what) {
    return {Code::invalid, what};
}

// TPMs may drop leading zeros of a coordinate or scalar.
Result<Bytes> padded(ByteView number, std::size_t size) {
    if (number.empty() || number.size() > size) return refused("a number of the wrong size");
    Bytes out(size - number.size(), 0);
    out.insert(out.end(), number.begin(), number.end());
    return out;
}

Result<Bytes> spki_of(const TPMS_ECC_PARMS& parms, const TPMS_ECC_POINT& point) {
    const bool p256 = parms.curveID == TPM2_ECC_NIST_P256;
    if (!p256 && parms.curveID != TPM2_ECC_NIST_P384) return refused("curve is not P-256 or P-384");
    const std::size_t size = p256 ? 32 : 48;
    HOLDFAST_TRY(x, padded(view_of_sized(point.x), size));
    HOLDFAST_TRY(y, padded(view_of_sized(point.y), size));
    return crypto::spki_of_ec(p256 ? "P-256" : "P-384",
                              crypto::EcPoint{.x = std::move(x), .y = std::move(y)});
}

std::optional<KeyAlgorithm> ecc_algorithm(TPMI_ECC_CURVE curve, const Public& key) noexcept {
    if (key.scheme != TPM2_ALG_ECDSA) return std::nullopt;
    if (curve == TPM2_ECC_NIST_P256 && key.scheme_hash == TPM2_ALG_SHA256)
        return KeyAlgorithm::es256;
    if (curve == TPM2_ECC_NIST_P384 && key.scheme_hash == TPM2_ALG_SHA384)
        return KeyAlgorithm::es384;
    return std::nullopt;
}

std::optional<KeyAlgorithm> rsa_algorithm(const TPMS_RSA_PARMS& parms, const Public& key) noexcept {
    const bool pss = key.scheme == TPM2_ALG_RSAPSS;
    const bool pkcs1 = key.scheme == TPM2_ALG_RSASSA;
    const bool usual = parms.exponent == 0 || parms.exponent == usual_exponent;
    if ((!pss && !pkcs1) || key.scheme_hash != TPM2_ALG_SHA256 || !usual) return std::nullopt;
    switch (parms.keyBits) {
        case 2048: return pss ? KeyAlgorithm::ps256_2048 : KeyAlgorithm::rs256_2048;
        case 3072: return pss ? KeyAlgorithm::ps256_3072 : KeyAlgorithm::rs256_3072;
        default: return std::nullopt;
    }
}

Done read_ecc(const TPMT_PUBLIC& raw, Public& key) {
    const TPMS_ECC_PARMS& parms = raw.parameters.eccDetail;
    key.scheme = parms.scheme.scheme;
    if (key.scheme != TPM2_ALG_NULL) key.scheme_hash = parms.scheme.details.anySig.hashAlg;
    HOLDFAST_TRY(spki, spki_of(parms, raw.unique.ecc));
    key.spki = std::move(spki);
    key.algorithm = ecc_algorithm(parms.curveID, key);
    return done();
}

Done read_rsa(const TPMT_PUBLIC& raw, Public& key) {
    const TPMS_RSA_PARMS& parms = raw.parameters.rsaDetail;
    key.scheme = parms.scheme.scheme;
    const bool hashes = key.scheme == TPM2_ALG_RSASSA || key.scheme == TPM2_ALG_RSAPSS ||
                        key.scheme == TPM2_ALG_OAEP;
    if (hashes) key.scheme_hash = parms.scheme.details.anySig.hashAlg;
    const ByteView modulus = view_of_sized(raw.unique.rsa);
    if (modulus.size() * 8 != parms.keyBits) return refused("modulus size is not the key size");
    HOLDFAST_TRY(spki, crypto::spki_of_rsa(modulus, parms.exponent));
    key.spki = std::move(spki);
    key.algorithm = rsa_algorithm(parms, key);
    return done();
}

Result<QuoteInfo> read_quote(const TPMS_QUOTE_INFO& raw) {
    QuoteInfo quote;
    for (std::uint32_t i = 0; i < raw.pcrSelect.count; ++i) {
        const TPMS_PCR_SELECTION& bank = raw.pcrSelect.pcrSelections[i];
        PcrSelection selection{.hash = bank.hash, .pcrs = {}};
        for (unsigned pcr = 0; pcr < bank.sizeofSelect * 8U; ++pcr) {
            if ((static_cast<unsigned>(bank.pcrSelect[pcr / 8U]) >> (pcr % 8U) & 1U) != 0)
                selection.pcrs.insert(static_cast<std::uint8_t>(pcr));
        }
        const auto same = [&](const PcrSelection& other) { return other.hash == selection.hash; };
        if (std::ranges::any_of(quote.selected, same)) return refused("a PCR bank selected twice");
        quote.selected.push_back(std::move(selection));
    }
    quote.pcr_digest = bytes_of(view_of_sized(raw.pcrDigest));
    return quote;
}

Done read_what(const TPMS_ATTEST& raw, Attest& attest) {
    switch (raw.type) {
        case TPM2_ST_ATTEST_QUOTE: {
            HOLDFAST_TRY(quote, read_quote(raw.attested.quote));
            attest.what = std::move(quote);
            return done();
        }
        case TPM2_ST_ATTEST_CERTIFY: {
            const auto& certify = raw.attested.certify;
            attest.what = CertifyInfo{
                .name = bytes_of({certify.name.name, certify.name.size}),
                .qualified_name =
                    bytes_of({certify.qualifiedName.name, certify.qualifiedName.size}),
            };
            return done();
        }
        case TPM2_ST_ATTEST_NV: {
            const auto& nv = raw.attested.nv;
            attest.what = NvCertifyInfo{
                .index_name = bytes_of({nv.indexName.name, nv.indexName.size}),
                .offset = nv.offset,
                .contents = bytes_of(view_of_sized(nv.nvContents)),
            };
            return done();
        }
        default: return refused("TPMS_ATTEST: neither quote, certify nor NV certify");
    }
}

Result<Bytes> read_ecdsa(const TPMS_SIGNATURE_ECDSA& raw) {
    const ByteView r = view_of_sized(raw.signatureR);
    const ByteView s = view_of_sized(raw.signatureS);
    const std::size_t longest = std::max(r.size(), s.size());
    const std::size_t half = longest <= 32 ? 32 : 48;
    HOLDFAST_TRY(joined, padded(r, half));
    HOLDFAST_TRY(second, padded(s, half));
    joined.insert(joined.end(), second.begin(), second.end());
    return joined;
}

// SHA-1 signatures prove nothing today, whoever made them.
bool is_trusted_hash(std::uint16_t hash) noexcept {
    return hash == TPM2_ALG_SHA256 || hash == TPM2_ALG_SHA384 || hash == TPM2_ALG_SHA512;
}

}  // namespace

Result<Public> read_public(ByteView tpmt_public) {
    HOLDFAST_TRY(raw, unmarshal_public(tpmt_public));
    Public key;
    key.type = raw.type;
    key.name_alg = raw.nameAlg;
    key.attributes = raw.objectAttributes;
    key.auth_policy = bytes_of(view_of_sized(raw.authPolicy));
    switch (raw.type) {
        case TPM2_ALG_ECC: HOLDFAST_CHECK(read_ecc(raw, key)); break;
        case TPM2_ALG_RSA: HOLDFAST_CHECK(read_rsa(raw, key)); break;
        default: return refused("TPMT_PUBLIC: neither ECC nor RSA");
    }
    HOLDFAST_TRY(name, name_of(raw.nameAlg, {tpmt_public}));
    key.name = std::move(name);
    return key;
}

Result<NvPublic> read_nv_public(ByteView tpms_nv_public) {
    HOLDFAST_TRY(raw, unmarshal_nv_public(tpms_nv_public));
    NvPublic index;
    index.index = raw.nvIndex;
    index.attributes = raw.attributes;
    index.auth_policy = bytes_of(view_of_sized(raw.authPolicy));
    index.data_size = raw.dataSize;
    HOLDFAST_TRY(name, name_of(raw.nameAlg, {tpms_nv_public}));
    index.name = std::move(name);
    return index;
}

Result<Attest> read_attest(ByteView tpms_attest) {
    HOLDFAST_TRY(raw, unmarshal_attest(tpms_attest));
    if (raw.magic != TPM2_GENERATED_VALUE) return refused("TPMS_ATTEST: not made by a TPM");
    if (raw.clockInfo.safe > 1) return refused("TPMS_ATTEST: clock safe is neither yes nor no");
    Attest attest;
    attest.qualified_signer = bytes_of({raw.qualifiedSigner.name, raw.qualifiedSigner.size});
    attest.extra_data = bytes_of(view_of_sized(raw.extraData));
    attest.clock = raw.clockInfo.clock;
    attest.reset_count = raw.clockInfo.resetCount;
    attest.restart_count = raw.clockInfo.restartCount;
    attest.safe = raw.clockInfo.safe == 1;
    attest.firmware = raw.firmwareVersion;
    HOLDFAST_CHECK(read_what(raw, attest));
    return attest;
}

Result<Signature> read_signature(ByteView tpmt_signature) {
    HOLDFAST_TRY(raw, unmarshal_signature(tpmt_signature));
    Signature signature{.algorithm = raw.sigAlg, .hash = no_algorithm, .raw = {}};
    switch (raw.sigAlg) {
        case TPM2_ALG_ECDSA: {
            HOLDFAST_TRY(joined, read_ecdsa(raw.signature.ecdsa));
            signature.raw = std::move(joined);
            signature.hash = raw.signature.ecdsa.hash;
            return signature;
        }
        case TPM2_ALG_RSASSA:
        case TPM2_ALG_RSAPSS:
            signature.raw = bytes_of(view_of_sized(raw.signature.rsassa.sig));
            if (signature.raw.empty()) return refused("TPMT_SIGNATURE: the signature is empty");
            signature.hash = raw.signature.rsassa.hash;
            return signature;
        default: return refused("TPMT_SIGNATURE: not ECDSA, RSASSA or RSAPSS");
    }
}

Result<Bytes> qualified_name_of_primary(std::uint32_t hierarchy, const Public& key) {
    const std::array<std::uint8_t, 4> handle = {
        static_cast<std::uint8_t>(hierarchy >> 24U), static_cast<std::uint8_t>(hierarchy >> 16U),
        static_cast<std::uint8_t>(hierarchy >> 8U), static_cast<std::uint8_t>(hierarchy)};
    return name_of(key.name_alg, {handle, key.name});
}

Done verify(const Public& key, ByteView message, ByteView tpmt_signature) {
    HOLDFAST_TRY(signature, read_signature(tpmt_signature));
    if (!is_trusted_hash(signature.hash))
        return refused("signature hash is not of the SHA-2 family");
    const bool ecdsa = signature.algorithm == TPM2_ALG_ECDSA;
    if (ecdsa != (key.type == TPM2_ALG_ECC)) return refused("signature is of another key type");
    const bool fixed = key.scheme != TPM2_ALG_NULL;
    if (fixed && (key.scheme != signature.algorithm || key.scheme_hash != signature.hash))
        return refused("signature is not of the key's own scheme");
    const auto scheme = ecdsa                                    ? crypto::SignatureScheme::ecdsa
                        : signature.algorithm == TPM2_ALG_RSASSA ? crypto::SignatureScheme::rsassa
                                                                 : crypto::SignatureScheme::rsapss;
    return crypto::verify_signature(key.spki, scheme, hash_name(signature.hash), message,
                                    signature.raw);
}

}  // namespace holdfast::tpm2
