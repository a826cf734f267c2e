#include "core/tpm2/credential.h"

#include <tss2/tss2_tpm2_types.h>

#include "core/crypto/digest.h"
#include "core/crypto/hash.h"
#include "core/crypto/kdf.h"
#include "core/crypto/wrap.h"
#include "core/tpm2/structures.h"
#include "core/tpm2/unmarshal.h"

namespace holdfast::tpm2 {
namespace {

constexpr std::string_view identity = "IDENTITY";

// What of an EK decides how a secret is wrapped for it.
struct Endorsement {
    bool rsa = false;
    std::string_view hash;  // of its nameAlg
    std::uint32_t hash_bits = 0;
    std::uint32_t symmetric_bits = 0;  // AES-CFB
    Bytes spki;
};

Result<Endorsement> read_ek(ByteView ek_public) {
    HOLDFAST_TRY(raw, unmarshal_public(ek_public));
    HOLDFAST_TRY(key, read_public(ek_public));
    constexpr TPMA_OBJECT storage = TPMA_OBJECT_RESTRICTED | TPMA_OBJECT_DECRYPT;
    if ((raw.objectAttributes & storage) != storage)
        return Error(Code::invalid, "EK: not a restricted decryption key");
    const bool rsa = raw.type == TPM2_ALG_RSA;
    const TPMT_SYM_DEF_OBJECT& symmetric =
        rsa ? raw.parameters.rsaDetail.symmetric : raw.parameters.eccDetail.symmetric;
    if (symmetric.algorithm != TPM2_ALG_AES || symmetric.mode.aes != TPM2_ALG_CFB)
        return Error(Code::invalid, "EK: its symmetric algorithm is not AES in CFB mode");
    const std::string_view hash = hash_name(raw.nameAlg);
    return Endorsement{
        .rsa = rsa,
        .hash = hash,
        .hash_bits = static_cast<std::uint32_t>(crypto::hash_size(hash) * 8),
        .symmetric_bits = symmetric.keyBits.aes,
        .spki = std::move(key.spki),
    };
}

Bytes sized(ByteView bytes) {
    Bytes out = {static_cast<std::uint8_t>(bytes.size() >> 8U),
                 static_cast<std::uint8_t>(bytes.size() & 0xFFU)};
    out.insert(out.end(), bytes.begin(), bytes.end());
    return out;
}

Bytes joined(ByteView first, ByteView second) {
    Bytes out = bytes_of(first);
    out.insert(out.end(), second.begin(), second.end());
    return out;
}

struct Seed {
    SecretBytes seed;
    Bytes wrapped;  // what only the EK can turn back into the seed
};

// TPM 2.0 Part 1, B.10.4 (RSA) and C.6.4 (ECC).
Result<Seed> wrap_seed(const Endorsement& ek, const SecretBytes& chosen) {
    if (ek.rsa) {
        HOLDFAST_TRY(wrapped, crypto::rsa_oaep(ek.spki, ek.hash, identity, chosen.view()));
        return Seed{.seed = SecretBytes(bytes_of(chosen.view())), .wrapped = std::move(wrapped)};
    }
    HOLDFAST_TRY(agreed, crypto::agree(ek.spki, chosen));
    HOLDFAST_TRY(seed, crypto::kdfe(ek.hash, agreed.z.view(), identity,
                                    {.u = agreed.ephemeral.x, .v = agreed.peer.x}, ek.hash_bits));
    return Seed{.seed = std::move(seed),
                .wrapped = joined(sized(agreed.ephemeral.x), sized(agreed.ephemeral.y))};
}

// TPM2B_ID_OBJECT: integrity HMAC, then the encrypted value. TPM 2.0 Part 1, 24.4 and 24.5.
Result<Bytes> seal(const Endorsement& ek, const SecretBytes& seed, ByteView name,
                   const SecretBytes& value) {
    HOLDFAST_TRY(key, crypto::kdfa(ek.hash, seed.view(), "STORAGE", {.u = name, .v = {}},
                                   ek.symmetric_bits));
    const SecretBytes plain(sized(value.view()));
    HOLDFAST_TRY(encrypted, crypto::aes_cfb_zero_iv(key, plain.view()));
    HOLDFAST_TRY(mac_key,
                 crypto::kdfa(ek.hash, seed.view(), "INTEGRITY", {.u = {}, .v = {}}, ek.hash_bits));
    HOLDFAST_TRY(mac, crypto::hmac(ek.hash, mac_key.view(), {encrypted, name}));
    return sized(joined(sized(mac.view()), encrypted));
}

}  // namespace

Result<MadeCredential> make_credential_with(ByteView ek_public, ByteView name,
                                            const SecretBytes& value, const SecretBytes& chosen) {
    HOLDFAST_TRY(ek, read_ek(ek_public));
    if (value.empty() || value.size() * 8 > ek.hash_bits)
        return Error(Code::invalid, "credential: the value must fit a digest of the EK's hash");
    HOLDFAST_TRY(seed, wrap_seed(ek, chosen));
    HOLDFAST_TRY(blob, seal(ek, seed.seed, name, value));
    return MadeCredential{.blob = std::move(blob), .secret = sized(seed.wrapped)};
}

Result<MadeCredential> make_credential(ByteView ek_public, ByteView name,
                                       const SecretBytes& value) {
    HOLDFAST_TRY(ek, read_ek(ek_public));
    if (!ek.rsa) {
        HOLDFAST_TRY(scalar, crypto::random_scalar(ek.spki));
        return make_credential_with(ek_public, name, value, scalar);
    }
    HOLDFAST_TRY(random, crypto::random_bytes(ek.hash_bits / 8));
    return make_credential_with(ek_public, name, value, SecretBytes(std::move(random)));
}

}  // namespace holdfast::tpm2
