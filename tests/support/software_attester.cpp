#include "tests/support/software_attester.h"

#include <tss2/tss2_mu.h>

#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "tests/support/made_structures.h"

namespace holdfast::tests {
namespace {

constexpr std::uint32_t agent_index = 0x01500010;
constexpr std::uint32_t host_index = 0x01500001;
constexpr std::uint64_t agent_value = 7;
constexpr std::uint64_t host_value = 3;
constexpr std::uint64_t bank_bit = 0x10;

TPMT_PUBLIC ecc_area(const SoftwareKey& key, TPMA_OBJECT attributes) {
    TPMT_PUBLIC area{};
    area.type = TPM2_ALG_ECC;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = attributes;
    TPMS_ECC_PARMS& parms = area.parameters.eccDetail;
    parms.symmetric.algorithm = TPM2_ALG_NULL;
    parms.scheme.scheme = TPM2_ALG_NULL;
    parms.curveID = TPM2_ECC_NIST_P256;
    parms.kdf.scheme = TPM2_ALG_NULL;
    if (key.algorithm() != KeyAlgorithm::es256) return area;
    const crypto::EcPoint point = must(crypto::p256_of_spki(key.spki()));
    set_buffer(area.unique.ecc.x, point.x);
    set_buffer(area.unique.ecc.y, point.y);
    return area;
}

TPMT_PUBLIC signing_area(const SoftwareKey& key, TPMA_OBJECT attributes) {
    TPMT_PUBLIC area = ecc_area(key, attributes | TPMA_OBJECT_SIGN_ENCRYPT);
    area.parameters.eccDetail.scheme.scheme = TPM2_ALG_ECDSA;
    area.parameters.eccDetail.scheme.details.ecdsa.hashAlg = TPM2_ALG_SHA256;
    return area;
}

TPMT_PUBLIC storage_area(const SoftwareKey& key, TPMA_OBJECT attributes) {
    TPMT_PUBLIC area = ecc_area(key, attributes | TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT);
    TPMT_SYM_DEF_OBJECT& symmetric = area.parameters.eccDetail.symmetric;
    symmetric.algorithm = TPM2_ALG_AES;
    symmetric.keyBits.aes = 128;
    symmetric.mode.aes = TPM2_ALG_CFB;
    return area;
}

constexpr TPMA_OBJECT fixed =
    TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;

void set_counter(TPMS_NV_CERTIFY_INFO& nv, const Fuse& fuse, std::uint64_t value) {
    set_name(nv.indexName, name_of(fuse.nv_public));
    nv.nvContents.size = 8;
    for (unsigned i = 0; i < 8; ++i)
        nv.nvContents.buffer[i] = static_cast<BYTE>(value >> (8U * (7U - i)));
}

Sha256 pcr_value(std::uint8_t index) {
    return crypto::sha256(Bytes{index});
}

}  // namespace

SoftwareAttester::SoftwareAttester(Bends bends)
    : bends_(std::move(bends)), agent_key_(bends_.algorithm) {
    const std::int64_t begin = now - 1000;
    const Bytes ca_tbs = must(crypto::ca_tbs({.trust_domain = trust_domain,
                                              .spki = ca_key_.spki(),
                                              .serial = Bytes(16, 0x11),
                                              .not_before = begin,
                                              .not_after = begin + 86400L * 20}));
    ca_certificate_ = must(crypto::assemble_certificate(ca_tbs, ca_key_.sign(ca_tbs)));
    vendor_root_ = vendor_root(vendor_key_, begin, now + 86400);
    TPMT_PUBLIC ak = signing_area(
        ak_key_, fixed | TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_NODA | TPMA_OBJECT_RESTRICTED);
    offer(bends_.ak, ak);
    ak_area_ = marshalled(ak, ::Tss2_MU_TPMT_PUBLIC_Marshal);
    TPMT_PUBLIC ek = storage_area(ek_key_, fixed | TPMA_OBJECT_ADMINWITHPOLICY);
    offer(bends_.ek, ek);
    ek_area_ = marshalled(ek, ::Tss2_MU_TPMT_PUBLIC_Marshal);
    EkCertificate wanted{.not_before = begin, .not_after = now + 86400};
    offer(bends_.ek_certificate, wanted);
    ek_certificate_ = ek_certificate(vendor_key_, vendor_root_, ek_key_.spki(), wanted);
    bends_.kind == Kind::tpm ? make_key() : make_token_key();
    make_register();
}

void SoftwareAttester::make_key() {
    TPMS_NV_PUBLIC own = index_area(agent_index, bends_.bank ? TPM2_NT_BITS : TPM2_NT_COUNTER);
    TPMS_NV_PUBLIC host = index_area(host_index, TPM2_NT_COUNTER);
    offer(bends_.agent_index, own);
    offer(bends_.host_index, host);
    key_.id = "agent-deploy-bot-1";
    key_.agent = "deploy-bot";
    key_.purpose = Purpose::action;
    key_.algorithm = bends_.algorithm;
    key_.agent_fuse = {.kind = bends_.bank ? FuseKind::bank : FuseKind::counter,
                       .nv_index = own.nvIndex,
                       .value = bends_.bank ? bank_bit : agent_value,
                       .nv_public = marshalled(own, ::Tss2_MU_TPMS_NV_PUBLIC_Marshal)};
    if (bends_.no_agent_fuse)
        key_.agent_fuse = {.kind = FuseKind::host, .nv_index = 0, .value = 0, .nv_public = {}};
    key_.host_fuse = {.kind = FuseKind::host,
                      .nv_index = host.nvIndex,
                      .value = host_value,
                      .nv_public = marshalled(host, ::Tss2_MU_TPMS_NV_PUBLIC_Marshal)};
    offer(bends_.description, key_);
    std::vector<Fuse> terms = {key_.host_fuse};
    if (!bends_.no_agent_fuse) terms.insert(terms.begin(), key_.agent_fuse);
    TPMT_PUBLIC area = signing_area(agent_key_, fixed | TPMA_OBJECT_NODA);
    const auto policy = tpm2::fuse_policy(terms);
    if (policy) set_buffer(area.authPolicy, *policy);
    offer(bends_.key, area);
    key_.tpm_public = marshalled(area, ::Tss2_MU_TPMT_PUBLIC_Marshal);
    const auto read = tpm2::read_public(key_.tpm_public);
    key_.name = read ? read->name : Bytes(34, 0);
    key_.spki = agent_key_.spki();
}

TPMS_ATTEST SoftwareAttester::statement_of(Part part, const Sha256& challenge) const {
    TPMS_ATTEST out{};
    out.magic = TPM2_GENERATED_VALUE;
    const auto ak = tpm2::read_public(ak_area_);
    if (ak)
        set_name(out.qualifiedSigner,
                 must(tpm2::qualified_name_of_primary(TPM2_RH_ENDORSEMENT, *ak)));
    set_buffer(out.extraData, challenge);
    out.clockInfo = {.clock = 5000U + static_cast<unsigned>(part) * 10U,
                     .resetCount = simulated_resets,
                     .restartCount = 1,
                     .safe = 1};
    out.firmwareVersion = 0x20260101;
    switch (part) {
        case Part::key:
            out.type = TPM2_ST_ATTEST_CERTIFY;
            set_name(out.attested.certify.name, key_.name);
            set_name(out.attested.certify.qualifiedName, Bytes(34, 1));
            break;
        case Part::agent_fuse:
            out.type = TPM2_ST_ATTEST_NV;
            set_counter(out.attested.nv, key_.agent_fuse, bends_.bank ? 0x20 : agent_value);
            break;
        case Part::host_fuse:
            out.type = TPM2_ST_ATTEST_NV;
            set_counter(out.attested.nv, key_.host_fuse, host_value);
            break;
        case Part::event_register: {
            out.type = TPM2_ST_ATTEST_NV;
            set_name(out.attested.nv.indexName, name_of(register_area_));
            set_buffer(out.attested.nv.nvContents, register_value_);
            break;
        }
        case Part::quote: {
            out.type = TPM2_ST_ATTEST_QUOTE;
            TPML_PCR_SELECTION& selection = out.attested.quote.pcrSelect;
            selection.count = 1;
            selection.pcrSelections[0] = {
                .hash = TPM2_ALG_SHA256, .sizeofSelect = 3, .pcrSelect = {0xFF, 0, 0, 0}};
            if (!bends_.no_register)
                selection.pcrSelections[0].pcrSelect[1] = 1U << (default_anchor_pcr - 8U);
            crypto::Sha256Stream all;
            for (std::uint8_t pcr = 0; pcr < 8; ++pcr)
                all.update(pcr_value(pcr));
            if (!bends_.no_register) all.update(anchored_pcr_);
            set_buffer(out.attested.quote.pcrDigest, all.finish());
            break;
        }
    }
    return out;
}

Attested SoftwareAttester::signed_statement(Part part, TPMS_ATTEST statement) const {
    if (bends_.attest) bends_.attest(part, statement);
    Bytes bytes = marshalled(statement, ::Tss2_MU_TPMS_ATTEST_Marshal);
    if (bends_.bytes) bends_.bytes(part, bytes);
    const Bytes raw = ak_key_.sign(bytes);
    TPMT_SIGNATURE signature{};
    signature.sigAlg = TPM2_ALG_ECDSA;
    signature.signature.ecdsa.hash = TPM2_ALG_SHA256;
    set_buffer(signature.signature.ecdsa.signatureR, ByteView(raw).first(32));
    set_buffer(signature.signature.ecdsa.signatureS, ByteView(raw).last(32));
    if (bends_.signature) bends_.signature(part, signature);
    return {.attest = std::move(bytes),
            .signature = marshalled(signature, ::Tss2_MU_TPMT_SIGNATURE_Marshal)};
}

Sha256 SoftwareAttester::challenge(const Evidence& evidence) const {
    return must(attest::challenge_digest({.nonce = evidence.nonce,
                                          .verifier = evidence.verifier,
                                          .key_name = attest::key_name_of(key_),
                                          .credential = evidence.credential,
                                          .ledger_head = evidence.ledger_head,
                                          .register_events = evidence.register_events}));
}

TpmEvidence SoftwareAttester::tpm_statements(const Sha256& challenge) const {
    TpmEvidence tpm;
    tpm.ek_certificates = {ek_certificate_};
    tpm.ek_public = ek_area_;
    tpm.ak_public = ak_area_;
    for (std::uint8_t pcr = 0; pcr < 8; ++pcr)
        tpm.pcrs[pcr] = pcr_value(pcr);
    const auto made = [&](Part part) {
        return signed_statement(part, statement_of(part, challenge));
    };
    if (bends_.kind == Kind::tpm) {
        tpm.key = key_;
        tpm.key_certified = made(Part::key);
        if (!bends_.no_agent_fuse) tpm.agent_fuse_certified = made(Part::agent_fuse);
        tpm.host_fuse_certified = made(Part::host_fuse);
    }
    if (!bends_.no_register) {
        tpm.event_register = RegisterEvidence{.nv_public = register_area_,
                                              .certified = made(Part::event_register),
                                              .log = register_log_,
                                              .anchor_pcr = default_anchor_pcr};
        tpm.pcrs[default_anchor_pcr] = anchored_pcr_;
    }
    tpm.quote = made(Part::quote);
    return tpm;
}

Evidence SoftwareAttester::evidence() const {
    Evidence out;
    out.nonce = Bytes(32, 0x5A);
    out.verifier = verifier;
    out.credential = credential();
    out.ledger_head = {.size = 41, .root = crypto::sha256(Bytes{1, 2, 3})};
    const bool has_register = bends_.kind != Kind::without_tpm && !bends_.no_register;
    out.register_events = has_register ? register_events_ : 0;
    out.boot_not_proven = bends_.kind == Kind::without_tpm;
    const Sha256 bound = challenge(out);
    if (bends_.kind != Kind::without_tpm) out.tpm = tpm_statements(bound);
    if (bends_.kind != Kind::tpm)
        out.possession = PossessionEvidence{.key = key_, .jws = possession(out, bound)};
    offer(bends_.evidence, out);
    return out;
}

std::string SoftwareAttester::packed() const {
    return attest::pack(evidence());
}

attest::Expectations SoftwareAttester::expectations(attest::Profile profile) const {
    const Bytes ak_name =
        tpm2::read_public(ak_area_) ? tpm2::read_public(ak_area_)->name : Bytes(34);
    const std::string enrolment = encode::canonical(
        encode::Json(encode::Json::Object{{"type", "holdfast-enrolment-v1"},
                                          {"ek_public", encode::base64url(ek_area_)},
                                          {"ak_name", encode::base64url(ak_name)},
                                          {"time", now - 50}}));
    return {.now = now,
            .profile = profile,
            .ca_roots = {ca_certificate_},
            .ek_roots = {vendor_root_},
            .nonce = Bytes(32, 0x5A),
            .verifier = verifier,
            .audience = "https://pay.example",
            .agent = agent,
            .enrolment = bytes_of(view_of(enrolment)),
            .manifests = std::vector<attest::ReferenceManifest>{{.digest = manifest_digest(),
                                                                 .root = tree_root(),
                                                                 .agent = "deploy-bot",
                                                                 .version = 4}},
            .accept_unproven_boot = false,
            .accept_claimed_hsm = false,
            .anchor_pcr = default_anchor_pcr};
}

}  // namespace holdfast::tests
