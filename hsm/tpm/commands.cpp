#include "hsm/tpm/commands.h"

#include <tss2/tss2_sys.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "hsm/tpm/marshal.h"
#include "hsm/tpm/nv.h"

namespace holdfast::hsm {
namespace {

constexpr TPM2B_SENSITIVE_CREATE no_secret{};
constexpr TPM2B_DATA no_outside_info{};
constexpr TPML_PCR_SELECTION no_pcrs{};

TSS2L_SYS_AUTH_COMMAND authorised_by(TPMI_SH_AUTH_SESSION session) {
    TSS2L_SYS_AUTH_COMMAND auths{};
    auths.count = 1;
    auths.auths[0].sessionHandle = session;
    auths.auths[0].sessionAttributes = TPMA_SESSION_CONTINUESESSION;
    return auths;
}

// The index is undefined, or was defined anew by somebody with other auth: the key is dead either
// way. A session that went away is not meant: its code is REFERENCE_H2.
bool is_lost_fuse(TSS2_RC code) noexcept {
    return action_of(code) == Action::bad_secret || code == TPM2_RC_HANDLE + TPM2_RC_1 ||
           code == TPM2_RC_HANDLE + TPM2_RC_2;
}

// TPM 2.0 Part 3, 23.9. A password session carries the index's auth value.
Done policy_nv(Connection& tpm, TPMI_SH_AUTH_SESSION session, const PolicyTerm& term) {
    TSS2L_SYS_AUTH_COMMAND auths = authorised_by(TPM2_RS_PW);
    HOLDFAST_TRY(secret, sized<TPM2B_AUTH>(term.auth));
    auths.auths[0].hmac = secret;
    HOLDFAST_TRY(operand, sized<TPM2B_OPERAND>(big_endian(term.operand)));
    TSS2L_SYS_AUTH_RESPONSE answers{};
    TSS2_RC code = TSS2_RC_SUCCESS;
    auto said = tpm.run("Tss2_Sys_PolicyNV", [&] {
        code = ::Tss2_Sys_PolicyNV(tpm.sys(), term.index, term.index, session, &auths, &operand, 0,
                                   term.operation, &answers);
        return code;
    });
    if (said || !is_lost_fuse(code)) return said;
    return Error(Code::denied, "the key's fuse is gone or replaced: " + said.error().text())
        .because(std::string(fuse_blown));
}

Done append_padded(Bytes& raw, const TPM2B_ECC_PARAMETER& number, std::size_t size) {
    if (number.size > size) return Error(Code::internal, "the TPM's signature is too long");
    // TPMs drop leading zeros from r and s; JOSE wants the curve's size of each.
    raw.insert(raw.end(), size - number.size, 0);
    raw.insert(raw.end(), std::begin(number.buffer), std::begin(number.buffer) + number.size);
    return done();
}

Result<Bytes> raw_of(const TPMT_SIGNATURE& made, const SigningScheme& scheme) {
    const TPMU_SIGNATURE& signature = made.signature;
    if (made.sigAlg != scheme.scheme || signature.any.hashAlg != scheme.hash)
        return Error(Code::internal, "the TPM signed with another scheme");
    if (scheme.type == TPM2_ALG_RSA) return bytes_of_sized(signature.rsassa.sig);
    const std::size_t size = scheme.curve == TPM2_ECC_NIST_P384 ? p384_bytes : p256_bytes;
    Bytes raw;
    HOLDFAST_CHECK(append_padded(raw, signature.ecdsa.signatureR, size));
    HOLDFAST_CHECK(append_padded(raw, signature.ecdsa.signatureS, size));
    return raw;
}

// The only TPM2_Sign in the tree.
Result<Bytes> sign_authorised(Connection& tpm, TPM2_HANDLE key, TPMI_SH_AUTH_SESSION session,
                              const ToSign& what) {
    const TSS2L_SYS_AUTH_COMMAND auths = authorised_by(session);
    HOLDFAST_TRY(digest, sized<TPM2B_DIGEST>(what.digest));
    TPMT_SIG_SCHEME keys_own{};
    keys_own.scheme = TPM2_ALG_NULL;
    // No ticket: the key is not restricted.
    TPMT_TK_HASHCHECK no_ticket{};
    no_ticket.tag = TPM2_ST_HASHCHECK;
    no_ticket.hierarchy = TPM2_RH_NULL;
    TPMT_SIGNATURE signature{};
    TSS2L_SYS_AUTH_RESPONSE answers{};
    HOLDFAST_CHECK(tpm.run("Tss2_Sys_Sign", [&] {
        return ::Tss2_Sys_Sign(tpm.sys(), key, &auths, &digest, &keys_own, &no_ticket, &signature,
                               &answers);
    }));
    return raw_of(signature, what.scheme);
}

Result<Bytes> satisfy_and_sign(Connection& tpm, PolicySession& session, TPM2_HANDLE key,
                               std::span<const PolicyTerm> terms, const ToSign& what) {
    HOLDFAST_TRY(policy, session.use());
    for (const PolicyTerm& term : terms)
        HOLDFAST_CHECK(policy_nv(tpm, policy, term));
    return sign_authorised(tpm, key, policy, what);
}

// A session that may be half satisfied does not stay.
Result<Bytes> sign_under_policy(Connection& tpm, PolicySession& session, TPM2_HANDLE key,
                                std::span<const PolicyTerm> terms, const ToSign& what) {
    auto raw = satisfy_and_sign(tpm, session, key, terms, what);
    if (!raw) session.end();
    return raw;
}

}  // namespace

Result<KeyAreas> create_key(Connection& tpm, ESYS_TR parent, const TPM2B_PUBLIC& wanted) {
    Owned<TPM2B_PRIVATE, ::Esys_Free> private_area;
    Owned<TPM2B_PUBLIC, ::Esys_Free> public_area;
    Owned<TPM2B_CREATION_DATA, ::Esys_Free> data;
    Owned<TPM2B_DIGEST, ::Esys_Free> hash;
    Owned<TPMT_TK_CREATION, ::Esys_Free> ticket;
    HOLDFAST_CHECK(tpm.run("Esys_Create", [&] {
        return ::Esys_Create(tpm.esys(), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                             &no_secret, &wanted, &no_outside_info, &no_pcrs, out(private_area),
                             out(public_area), out(data), out(hash), out(ticket));
    }));
    KeyAreas areas;
    HOLDFAST_TRY(public_bytes, marshalled<::Tss2_MU_TPM2B_PUBLIC_Marshal>(*public_area));
    HOLDFAST_TRY(private_bytes, marshalled<::Tss2_MU_TPM2B_PRIVATE_Marshal>(*private_area));
    areas.public_area = std::move(public_bytes);
    areas.private_area = std::move(private_bytes);
    return areas;
}

Result<Transient> load_key(Connection& tpm, ESYS_TR parent, const KeyAreas& areas) {
    using Public = TPM2B_PUBLIC;
    using Private = TPM2B_PRIVATE;
    HOLDFAST_TRY(public_area,
                 (unmarshalled<::Tss2_MU_TPM2B_PUBLIC_Unmarshal, Public>(areas.public_area)));
    HOLDFAST_TRY(private_area,
                 (unmarshalled<::Tss2_MU_TPM2B_PRIVATE_Unmarshal, Private>(areas.private_area)));
    ESYS_TR loaded = ESYS_TR_NONE;
    TSS2_RC code = TSS2_RC_SUCCESS;
    auto said = tpm.run("Esys_Load", [&] {
        code = ::Esys_Load(tpm.esys(), parent, ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &private_area, &public_area, &loaded);
        return code;
    });
    // TPM_RC_INTEGRITY in the private area: it was wrapped by another parent's secret.
    if (code == TPM2_RC_INTEGRITY + TPM2_RC_P + TPM2_RC_1)
        return Error(Code::denied, "this key belongs to another TPM: " + said.error().text())
            .because(std::string(other_tpm));
    if (!said) return std::move(said).error();
    return Transient(tpm, loaded);
}

Result<Transient> create_primary(Connection& tpm, ESYS_TR hierarchy, const TPM2B_PUBLIC& wanted) {
    Owned<TPM2B_PUBLIC, ::Esys_Free> public_area;
    Owned<TPM2B_CREATION_DATA, ::Esys_Free> data;
    Owned<TPM2B_DIGEST, ::Esys_Free> hash;
    Owned<TPMT_TK_CREATION, ::Esys_Free> ticket;
    ESYS_TR made = ESYS_TR_NONE;
    HOLDFAST_CHECK(tpm.run("Esys_CreatePrimary", [&] {
        return ::Esys_CreatePrimary(tpm.esys(), hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &no_secret, &wanted, &no_outside_info, &no_pcrs,
                                    &made, out(public_area), out(data), out(hash), out(ticket));
    }));
    return Transient(tpm, made);
}

Result<Lasting> make_persistent(Connection& tpm, ESYS_TR object, TPM2_HANDLE at) {
    ESYS_TR made = ESYS_TR_NONE;
    HOLDFAST_CHECK(tpm.run("Esys_EvictControl", [&] {
        return ::Esys_EvictControl(tpm.esys(), ESYS_TR_RH_OWNER, object, ESYS_TR_PASSWORD,
                                   ESYS_TR_NONE, ESYS_TR_NONE, at, &made);
    }));
    return Lasting(tpm, made);
}

Result<TPMT_PUBLIC> read_public_area(Connection& tpm, ESYS_TR object) {
    Owned<TPM2B_PUBLIC, ::Esys_Free> public_area;
    Owned<TPM2B_NAME, ::Esys_Free> name;
    Owned<TPM2B_NAME, ::Esys_Free> qualified;
    HOLDFAST_CHECK(tpm.run("Esys_ReadPublic", [&] {
        return ::Esys_ReadPublic(tpm.esys(), object, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE,
                                 out(public_area), out(name), out(qualified));
    }));
    return public_area->publicArea;
}

Result<Bytes> tpmt_public_of(ByteView tpm2b_public) {
    HOLDFAST_TRY(area,
                 (unmarshalled<::Tss2_MU_TPM2B_PUBLIC_Unmarshal, TPM2B_PUBLIC>(tpm2b_public)));
    return marshalled<::Tss2_MU_TPMT_PUBLIC_Marshal>(area.publicArea);
}

Result<Bytes> sign_digest(Connection& tpm, PolicySession& session, ESYS_TR key,
                          std::span<const PolicyTerm> terms, const ToSign& what) {
    HOLDFAST_TRY(handle, tpm_handle(tpm, key));
    if (terms.empty()) return sign_authorised(tpm, handle, TPM2_RS_PW, what);
    const bool was_kept = session.is_open();
    auto raw = sign_under_policy(tpm, session, handle, terms, what);
    if (raw || !was_kept || is(raw.error(), connection_lost)) return raw;
    // The session may be what failed, not the policy: only a fresh one speaks for the fuses.
    return sign_under_policy(tpm, session, handle, terms, what);
}

}  // namespace holdfast::hsm
