#include "core/crypto/trusted_key.h"

#include <algorithm>
#include <array>

#include "core/crypto/digest.h"
#include "core/crypto/hash.h"
#include "core/crypto/openssl.h"
#include "core/crypto/public_key.h"
#include "core/crypto/signature.h"
#include "core/encode/base64.h"
#include "core/encode/pem.h"
#include "core/encode/ssh_wire.h"
#include "core/encode/sshsig.h"

namespace holdfast::crypto {
namespace {

constexpr int min_rsa_bits = 2048;   // NIST SP 800-131A
constexpr int max_rsa_bits = 16384;  // as OpenSSH
constexpr std::size_t max_pem = 16UL * 1024;
constexpr std::uint8_t user_was_present = 1;  // PROTOCOL.u2f, flags

// RFC 8410 §4: SEQUENCE { SEQUENCE { 1.3.101.112 }, BIT STRING } up to the 32 bytes of the key.
constexpr std::array<std::uint8_t, 12> ed25519_head{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                    0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};

Error wrong(std::string_view why) {
    return {Code::invalid, "trusted key: " + std::string(why)};
}

Error bad_signature(std::string_view why = "does not verify") {
    ::ERR_clear_error();
    return {Code::invalid, "signature: " + std::string(why)};
}

Result<Bytes> spki_of(const encode::SshPublicKey& key) {
    if (!key.modulus.empty()) return spki_of_rsa(key.modulus, key.exponent);
    const ByteView point = key.point;
    if (key.type == encode::ssh_ed25519 || key.type == encode::ssh_sk_ed25519) {
        Bytes spki(ed25519_head.begin(), ed25519_head.end());
        spki.insert(spki.end(), point.begin(), point.end());
        return spki;
    }
    const std::size_t half = point.size() / 2;
    return spki_of_ec(key.type == encode::ssh_p384 ? "P-384" : "P-256",
                      {bytes_of(point.first(half)), bytes_of(point.last(half))});
}

enum class Kind : std::uint8_t { p256, p384, ed25519, rsa };

Result<Kind> ec_kind(EVP_PKEY* key) {
    std::array<char, 32> name{};
    std::size_t size = 0;
    if (::EVP_PKEY_get_group_name(key, name.data(), name.size(), &size) == 1) {
        const std::string_view curve(name.data(), size);
        if (curve == "prime256v1") return Kind::p256;
        if (curve == "secp384r1") return Kind::p384;
    }
    ::ERR_clear_error();
    return wrong("must be on P-256 or P-384");
}

Result<Kind> kind_of(ByteView spki) {
    HOLDFAST_TRY(key, public_key_of(spki));
    if (::EVP_PKEY_is_a(key.get(), "ED25519") == 1) return Kind::ed25519;
    if (::EVP_PKEY_is_a(key.get(), "EC") == 1) return ec_kind(key.get());
    if (::EVP_PKEY_is_a(key.get(), "RSA") != 1) return wrong("must be EC, Ed25519 or RSA");
    const int bits = ::EVP_PKEY_get_bits(key.get());
    if (bits < min_rsa_bits || bits > max_rsa_bits)
        return wrong("an RSA key has 2048 to 16384 bits");
    return Kind::rsa;
}

// hash null: the scheme hashes by itself. ECDSA signatures in DER; OpenSSL takes no other form.
Done verify_whole(ByteView spki, const char* hash, ByteView message, ByteView signature) {
    HOLDFAST_TRY(key, public_key_of(spki));
    const Openssl<EVP_MD_CTX, ::EVP_MD_CTX_free> context(::EVP_MD_CTX_new());
    const bool verified = context != nullptr &&
                          ::EVP_DigestVerifyInit_ex(context.get(), nullptr, hash, nullptr, nullptr,
                                                    key.get(), nullptr) == 1 &&
                          ::EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                             message.data(), message.size()) == 1;
    if (!verified) return bad_signature();
    return done();
}

// PROTOCOL.u2f: the token signs the digest of its application, flags and counter in front of the
// digest of the message.
Bytes token_signed_bytes(const std::string& application, const encode::SshSignature& signature,
                         ByteView message) {
    return encode::SshWriter()
        .raw(sha256(view_of(application)))
        .raw(ByteView(&signature.flags, 1))
        .number(signature.counter)
        .raw(sha256(message))
        .take();
}

}  // namespace

Result<TrustedKey> TrustedKey::parse(std::string_view text) {
    return text.starts_with("-----BEGIN ") ? from_pem(text) : from_ssh(text);
}

Result<TrustedKey> TrustedKey::from_ssh(std::string_view line) {
    HOLDFAST_TRY(key, encode::parse_ssh_key_line(line));
    HOLDFAST_TRY(spki, spki_of(key));
    HOLDFAST_CHECK(kind_of(spki));
    std::string digest = encode::base64(sha256(key.blob));
    digest.resize(digest.find('='));
    TrustedKey trusted(std::move(spki), "SHA256:" + digest);
    trusted.ssh_ = std::move(key);
    return trusted;
}

Result<TrustedKey> TrustedKey::from_pem(std::string_view text) {
    if (text.size() > max_pem) return wrong("more than 16384 bytes of PEM");
    HOLDFAST_TRY(blocks, encode::from_pem(text, "PUBLIC KEY"));
    if (blocks.size() != 1) return wrong("must be one PUBLIC KEY");
    HOLDFAST_CHECK(kind_of(blocks.front()));
    std::string fingerprint = "spki-sha256:" + encode::hex(sha256(blocks.front()));
    return TrustedKey(std::move(blocks.front()), std::move(fingerprint));
}

bool TrustedKey::is_of(ByteView ssh_blob) const noexcept {
    return is_ssh() && std::ranges::equal(ByteView(ssh_.blob), ssh_blob);
}

Done TrustedKey::verify(std::string_view name_space, ByteView message, ByteView signature) const {
    return is_ssh() ? verify_sshsig(name_space, message, signature)
                    : verify_plain(message, signature);
}

Done TrustedKey::verify_plain(ByteView message, ByteView signature) const {
    HOLDFAST_TRY(kind, kind_of(spki_));
    switch (kind) {
        case Kind::p256: return verify_whole(spki_, "SHA256", message, signature);
        case Kind::p384: return verify_whole(spki_, "SHA384", message, signature);
        case Kind::ed25519: return verify_whole(spki_, nullptr, message, signature);
        case Kind::rsa:
            return verify_signature(spki_, SignatureScheme::rsapss, "SHA256", message, signature);
    }
    return Error(Code::internal, "trusted key: of no kind");
}

Done TrustedKey::verify_sshsig(std::string_view name_space, ByteView message, ByteView blob) const {
    HOLDFAST_TRY(sshsig, encode::parse_sshsig(blob));
    if (sshsig.public_key != ssh_.blob) return bad_signature("made with another key");
    if (sshsig.name_space != name_space) return bad_signature("made for another namespace");
    HOLDFAST_TRY(signature, encode::parse_ssh_signature(ssh_.type, sshsig.signature));
    HOLDFAST_TRY(digest, hash(sshsig.hash_algorithm == "sha256" ? "SHA256" : "SHA512", {message}));
    return verify_ssh(encode::sshsig_signed_bytes(sshsig, digest), signature);
}

Done TrustedKey::verify_ssh(ByteView message, const encode::SshSignature& signature) const {
    if (ssh_.type == encode::ssh_ed25519)
        return verify_whole(spki_, nullptr, message, signature.value);
    if (ssh_.type == encode::ssh_p256 || ssh_.type == encode::ssh_p384)
        return verify_signature(spki_, SignatureScheme::ecdsa,
                                ssh_.type == encode::ssh_p256 ? "SHA256" : "SHA384", message,
                                signature.value);
    if (ssh_.type == encode::ssh_rsa) {
        // RFC 8332 §3 lets the signature lose zeros in front.
        if (signature.value.size() > ssh_.modulus.size()) return bad_signature();
        Bytes padded(ssh_.modulus.size() - signature.value.size());
        padded.insert(padded.end(), signature.value.begin(), signature.value.end());
        return verify_signature(spki_, SignatureScheme::rsassa,
                                signature.algorithm == "rsa-sha2-256" ? "SHA256" : "SHA512",
                                message, padded);
    }
    if ((signature.flags & user_was_present) == 0) return bad_signature("nobody touched the token");
    const Bytes signed_bytes = token_signed_bytes(ssh_.application, signature, message);
    if (ssh_.type == encode::ssh_sk_ed25519)
        return verify_whole(spki_, nullptr, signed_bytes, signature.value);
    return verify_signature(spki_, SignatureScheme::ecdsa, "SHA256", signed_bytes, signature.value);
}

}  // namespace holdfast::crypto
