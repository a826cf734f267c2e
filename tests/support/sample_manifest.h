// A manifest with one of everything, for tests to bend; and envelopes with a software key's
// signature.
#ifndef HOLDFAST_TESTS_SUPPORT_SAMPLE_MANIFEST_H
#define HOLDFAST_TESTS_SUPPORT_SAMPLE_MANIFEST_H

#include <string>

#include "attest/manifest/signed_manifest.h"
#include "core/crypto/digest.h"
#include "core/encode/dsse.h"

namespace holdfast::tests {

inline attest::TreeEntry a_directory(std::string path) {
    return {std::move(path), attest::EntryType::directory, 0755, 0, {}, {}};
}
inline attest::TreeEntry a_file(std::string path, std::uint32_t mode = 0644) {
    const Sha256 digest = crypto::sha256(view_of(path));
    return {std::move(path), attest::EntryType::file, mode, 4, digest, {}};
}
inline attest::TreeEntry a_link(std::string path, std::string target) {
    const Sha256 digest = crypto::sha256(view_of(target));
    return {std::move(path), attest::EntryType::link, 0, 0, digest, std::move(target)};
}

// Valid from 1,700,000,000 to 1,800,000,000.
inline attest::Manifest sample_manifest() {
    attest::Manifest manifest;
    manifest.name = "refund-agent";
    manifest.version = 3;
    manifest.not_before = 1'700'000'000;
    manifest.not_after = 1'800'000'000;
    manifest.entrypoint = "bin/python3";
    manifest.arguments = {"python3", "-I", "app/main.py"};
    manifest.environment = {{"LANG", "C.UTF-8"}};
    manifest.working_directory = "app";
    manifest.signers = attest::Signers::leader;
    manifest.digests = {{"prompt", crypto::sha256(view_of("be kind"))}};
    manifest.host_files = {{"/lib/ld.so", Sha256{1}}, {"/lib/libc.so.6", Sha256{2}}};
    manifest.tree = {a_directory("app"), a_file("app/main.py"), a_directory("bin"),
                     a_link("bin/python", "python3"), a_file("bin/python3", 0755)};
    return manifest;
}

// One signature by `sign`, which is given the bytes to sign.
template <class Sign>
std::string envelope_of(std::string_view statement, std::string key_id, Sign sign) {
    encode::Dsse envelope{std::string(attest::payload_type), bytes_of(view_of(statement)), {}};
    const Bytes message = encode::dsse_signed_bytes(envelope.payload_type, envelope.payload);
    envelope.signatures.push_back({std::move(key_id), sign(message)});
    return encode::to_json(envelope);
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SAMPLE_MANIFEST_H
