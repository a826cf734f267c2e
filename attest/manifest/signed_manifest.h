// SignedManifest: a manifest in its DSSE envelope, opened with the keys one trusts.
#ifndef HOLDFAST_ATTEST_MANIFEST_SIGNED_MANIFEST_H
#define HOLDFAST_ATTEST_MANIFEST_SIGNED_MANIFEST_H

#include <string>
#include <string_view>
#include <vector>

#include "attest/manifest/manifest.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_envelope = 2 * max_manifest;
inline constexpr std::string_view payload_type = "application/vnd.in-toto+json";
inline constexpr std::string_view sshsig_namespace = "holdfast-manifest";

struct SignedManifest {
    Manifest manifest;
    Sha256 digest{};     // of the payload's bytes: the measurement of what is launched from it
    std::string signer;  // which of the trusted keys: "SHA256:…", as ssh-keygen -l shows it; for a
                         // PEM key "spki-sha256:<hex>"
};

// `trusted`: each an OpenSSH public key line or a PEM "PUBLIC KEY". One valid signature by one of
// them is enough. The signature is checked before the payload is parsed. denied with reason
// manifest_unsigned when none of them signed; invalid for anything else.
Result<SignedManifest> open_manifest(std::string_view envelope,
                                     const std::vector<std::string>& trusted);

// Without looking at signatures: for showing and comparing, never for launching.
Result<SignedManifest> read_manifest_unverified(std::string_view envelope);

// denied with reason manifest_expired or manifest_not_yet_valid. `now` in Unix seconds.
Done check_validity(const Manifest& manifest, std::int64_t now);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_SIGNED_MANIFEST_H
