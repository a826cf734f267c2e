#include "hsm/tpm/commands.h"

#include <tss2/tss2_sys.h>

#include <algorithm>
#include <iterator>
#include <string>

#include "core/crypto/digest.h"
#include "hsm/tpm/marshal.h"
#include "hsm/tpm/nv.h"

namespace holdfast::hsm {
namespace {

constexpr std::size_t p256_bytes = 32;
constexpr std::size_t policy_nonce = 16;  // the least StartAuthSession takes (Part 3, 11.1)
constexpr TPM2B_SENSITIVE_CREATE no_secret{};
constexpr TPM2B_DATA no_outside_info{};
constexpr TPML_PCR_SELECTION no_pcrs{};

// A policy session on the SYS context; flushed unless the command that used it ended it.
class PolicySession {
  public:
    static Result<PolicySession> start(Connection& tpm) {
        HOLDFAST_TRY(nonce, crypto::random_bytes(policy_nonce));
        HOLDFAST_TRY(caller, sized<TPM2B_NONCE>(nonce));
        TPM2B_ENCRYPTED_SECRET no_salt{};
        TPMT_SYM_DEF no_encryption{};
        no_encryption.algorithm = TPM2_ALG_NULL;
        TPM2B_NONCE answered{};
        TPMI_SH_AUTH_SESSION handle = 0;
        HOLDFAST_CHECK(tpm.run("Tss2_Sys_StartAuthSession", [&] {
            return ::Tss2_Sys_StartAuthSession(tpm.sys(), TPM2_RH_NULL, TPM2_RH_NULL, nullptr,
                                               &caller, &no_salt, TPM2_SE_POLICY, &no_encryption,
                                               TPM2_ALG_SHA256, &handle, &answered, nullptr);
        }));
        return PolicySession(tpm, handle);
    }

    PolicySession(PolicySession&& other) noexcept
        : tpm_(other.tpm_), handle_(std::exchange(other.handle_, 0)) {}
    PolicySession(const PolicySession&) = delete;
    PolicySession& operator=(const PolicySession&) = delete;
    PolicySession& operator=(PolicySession&&) = delete;
    ~PolicySession() {
        if (handle_ != 0) (void)::Tss2_Sys_FlushContext(tpm_->sys(), handle_);
    }

    TPMI_SH_AUTH_SESSION handle() const noexcept { return handle_; }
    void ended() noexcept { handle_ = 0; }

  private:
    PolicySession(Connection& tpm, TPMI_SH_AUTH_SESSION handle) noexcept
        : tpm_(&tpm), handle_(handle) {}

    Connection* tpm_;
    TPMI_SH_AUTH_SESSION handle_;
};

TSS2L_SYS_AUTH_COMMAND authorised_by(TPMI_SH_AUTH_SESSION session) {
    TSS2L_SYS_AUTH_COMMAND auths{};
    auths.count = 1;
    auths.auths[0].sessionHandle = session;  // attributes 0: the session ends with the command
    return auths;
}

// The index is undefined, or was defined anew by somebody with other auth: the key is dead either
// way. A session that went away is not meant: its code is REFERENCE_H2.
bool is_lost_fuse(TSS2_RC code) noexcept {
    return action_of(code) == Action::bad_secret || code == TPM2_RC_HANDLE + TPM2_RC_1 ||
           code == TPM2_RC_HANDLE + TPM2_RC_2;
}

// TPM 2.0 Part 3, 23.9. A password session carries the index's auth value.
Done policy_nv(Connection& tpm, const PolicySession& session, const PolicyTerm& term) {
    TSS2L_SYS_AUTH_COMMAND auths = authorised_by(TPM2_RS_PW);
    HOLDFAST_TRY(secret, sized<TPM2B_AUTH>(term.auth));
    auths.auths[0].hmac = secret;
    HOLDFAST_TRY(operand, sized<TPM2B_OPERAND>(big_endian(term.operand)));
    TSS2L_SYS_AUTH_RESPONSE answers{};
    TSS2_RC code = TSS2_RC_SUCCESS;
    auto said = tpm.run("Tss2_Sys_PolicyNV", [&] {
        code = ::Tss2_Sys_PolicyNV(tpm.sys(), term.index, term.index, session.handle(), &auths,
                                   &operand, 0, term.operation, &answers);
        return code;
    });
    if (said || !is_lost_fuse(code)) return said;
    return Error(Code::denied, "the key's fuse is gone or replaced: " + said.error().text())
        .because(std::string(fuse_blown));
}

Done append_padded(Bytes& raw, const TPM2B_ECC_PARAMETER& number) {
    if (number.size > p256_bytes) return Error(Code::internal, "the TPM's signature is too long");
    // TPMs drop leading zeros from r and s; JOSE wants 32 bytes each.
    raw.insert(raw.end(), p256_bytes - number.size, 0);
    raw.insert(raw.end(), std::begin(number.buffer), std::begin(number.buffer) + number.size);
    return done();
}

Result<Bytes> raw_of(const TPMT_SIGNATURE& signature) {
    if (signature.sigAlg != TPM2_ALG_ECDSA || signature.signature.ecdsa.hash != TPM2_ALG_SHA256)
        return Error(Code::internal, "the TPM signed with another scheme");
    Bytes raw;
    HOLDFAST_CHECK(append_padded(raw, signature.signature.ecdsa.signatureR));
    HOLDFAST_CHECK(append_padded(raw, signature.signature.ecdsa.signatureS));
    return raw;
}

// The only TPM2_Sign in the tree.
Result<Bytes> sign_authorised(Connection& tpm, TPM2_HANDLE key, TPMI_SH_AUTH_SESSION session,
                              const Sha256& digest) {
    const TSS2L_SYS_AUTH_COMMAND auths = authorised_by(session);
    HOLDFAST_TRY(hashed, sized<TPM2B_DIGEST>(digest));
    TPMT_SIG_SCHEME keys_own{};
    keys_own.scheme = TPM2_ALG_NULL;
    // No ticket: the key is not restricted.
    TPMT_TK_HASHCHECK no_ticket{};
    no_ticket.tag = TPM2_ST_HASHCHECK;
    no_ticket.hierarchy = TPM2_RH_NULL;
    TPMT_SIGNATURE signature{};
    TSS2L_SYS_AUTH_RESPONSE answers{};
    HOLDFAST_CHECK(tpm.run("Tss2_Sys_Sign", [&] {
        return ::Tss2_Sys_Sign(tpm.sys(), key, &auths, &hashed, &keys_own, &no_ticket, &signature,
                               &answers);
    }));
    return raw_of(signature);
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

Result<Bytes> sign_digest(Connection& tpm, ESYS_TR key, std::span<const PolicyTerm> terms,
                          const Sha256& digest) {
    HOLDFAST_TRY(handle, tpm_handle(tpm, key));
    if (terms.empty()) return sign_authorised(tpm, handle, TPM2_RS_PW, digest);
    HOLDFAST_TRY(session, PolicySession::start(tpm));
    for (const PolicyTerm& term : terms)
        HOLDFAST_CHECK(policy_nv(tpm, session, term));
    auto raw = sign_authorised(tpm, handle, session.handle(), digest);
    if (raw) session.ended();
    return raw;
}

}  // namespace holdfast::hsm
