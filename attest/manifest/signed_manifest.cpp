#include "attest/manifest/signed_manifest.h"

#include "core/crypto/digest.h"
#include "core/crypto/trusted_key.h"
#include "core/encode/dsse.h"

namespace holdfast::attest {
namespace {

using crypto::TrustedKey;
using encode::Dsse;

constexpr std::size_t max_trusted = 64;  // each may hash the whole payload

Result<Dsse> read_envelope(std::string_view text) {
    HOLDFAST_TRY(envelope, encode::parse_dsse(text, max_envelope));
    if (envelope.payload_type != payload_type)
        return Error(Code::invalid,
                     "manifest: the payload type must be " + std::string(payload_type));
    if (envelope.payload.size() > max_manifest)
        return Error(Code::invalid, "manifest: a payload of more than 96 MiB");
    return envelope;
}

Result<std::vector<TrustedKey>> read_keys(const std::vector<std::string>& trusted) {
    if (trusted.size() > max_trusted)
        return Error(Code::invalid, "manifest: more than 64 trusted keys");
    std::vector<TrustedKey> keys;
    for (const std::string& text : trusted) {
        HOLDFAST_TRY(key, TrustedKey::parse(text));
        keys.push_back(std::move(key));
    }
    return keys;
}

// The key id is a hint which saves hashing the payload once per key: ours are exact for SSH keys;
// for PEM keys other tools have ids of their own, or none.
bool may_be_by(const encode::DsseSignature& signature, const TrustedKey& key) {
    if (signature.key_id == key.fingerprint()) return true;
    return !key.is_ssh() && !signature.key_id.starts_with("SHA256:") &&
           !signature.key_id.starts_with("spki-sha256:");
}

Result<std::string> signer_of(const Dsse& envelope, const std::vector<TrustedKey>& keys) {
    const Bytes message = encode::dsse_signed_bytes(envelope.payload_type, envelope.payload);
    std::string why = "no signature of a trusted key";
    for (const encode::DsseSignature& each : envelope.signatures) {
        for (const TrustedKey& key : keys) {
            if (!may_be_by(each, key)) continue;
            const Done verified = key.verify(sshsig_namespace, message, each.signature);
            if (verified) return key.fingerprint();
            why = verified.error().text();
        }
    }
    return Error(Code::denied, "manifest: " + why).because("manifest_unsigned");
}

Result<SignedManifest> read_payload(const Dsse& envelope, std::string signer) {
    HOLDFAST_TRY(manifest, parse_statement(text_of(envelope.payload)));
    return SignedManifest{std::move(manifest), crypto::sha256(envelope.payload), std::move(signer)};
}

}  // namespace

Result<SignedManifest> open_manifest(std::string_view envelope,
                                     const std::vector<std::string>& trusted) {
    HOLDFAST_TRY(keys, read_keys(trusted));
    HOLDFAST_TRY(dsse, read_envelope(envelope));
    HOLDFAST_TRY(signer, signer_of(dsse, keys));
    return read_payload(dsse, std::move(signer));
}

Result<SignedManifest> read_manifest_unverified(std::string_view envelope) {
    HOLDFAST_TRY(dsse, read_envelope(envelope));
    return read_payload(dsse, "");
}

Done check_validity(const Manifest& manifest, std::int64_t now) {
    if (now < manifest.not_before)
        return Error(Code::denied, "manifest: not valid before " +
                                       std::to_string(manifest.not_before) + " (Unix seconds)")
            .because("manifest_not_yet_valid");
    if (now > manifest.not_after)
        return Error(Code::denied, "manifest: not valid after " +
                                       std::to_string(manifest.not_after) + " (Unix seconds)")
            .because("manifest_expired");
    return done();
}

}  // namespace holdfast::attest
