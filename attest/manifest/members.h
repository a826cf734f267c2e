// The members of a manifest's statement: their names and fixed values, shared by reader and writer.
#ifndef HOLDFAST_ATTEST_MANIFEST_MEMBERS_H
#define HOLDFAST_ATTEST_MANIFEST_MEMBERS_H

#include <array>
#include <string_view>
#include <utility>

#include "attest/manifest/manifest.h"

namespace holdfast::attest {

// The project's arc (2.25.<UUID>, ITU-T X.667; attest/evidence/members.h) and 1 for manifests, as
// RFC 3061 writes an OID as a URI.
inline constexpr std::string_view manifest_type =
    "urn:oid:2.25.280602187021576966997059332020323366912.1";

inline constexpr std::string_view subject_name = "tree";
// in-toto's DigestSet lets anybody name an algorithm. Not "sha256": the root is no hash of a file.
inline constexpr std::string_view root_algorithm = "holdfastTreeSha256";

// The first element of an entry's array says what it is.
inline constexpr std::string_view file_word = "f";       // [word, path, mode, size, sha256]
inline constexpr std::string_view directory_word = "d";  // [word, path, mode]
inline constexpr std::string_view link_word = "l";       // [word, path, target]

inline constexpr std::array<std::pair<Signers, std::string_view>, 2> signers_words{
    {{Signers::leader, "leader"}, {Signers::tree, "tree"}}};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_MEMBERS_H
