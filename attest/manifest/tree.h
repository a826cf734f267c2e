// Tree: every file, directory and link of an agent's code, in order, and the root digest over it.
#ifndef HOLDFAST_ATTEST_MANIFEST_TREE_H
#define HOLDFAST_ATTEST_MANIFEST_TREE_H

#include <cstdint>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_tree_entries = 262'144;
inline constexpr std::size_t max_tree_path = 1024;  // bytes, of the whole relative path
inline constexpr std::size_t max_tree_name = 255;   // of one component, NAME_MAX
inline constexpr std::size_t max_tree_depth = 64;
inline constexpr std::uint64_t max_tree_bytes = 64ULL * 1024 * 1024 * 1024;

enum class EntryType : std::uint8_t { file = 1, directory = 2, link = 3 };

struct TreeEntry {
    std::string path;  // relative, components joined by '/', none empty, "." or ".."; UTF-8
    EntryType type = EntryType::file;
    std::uint32_t mode = 0;  // permission bits (07777) of files and directories; 0 for links
    std::uint64_t size = 0;  // bytes of a file; 0 otherwise
    Sha256 digest{};         // of a file's bytes; of a link's target text; zero for directories
    std::string target;      // links only: relative, stays inside the tree
    friend bool operator==(const TreeEntry&, const TreeEntry&) = default;
};

// Ordered by the bytes of `path`, each path once, every parent of an entry an entry before it (the
// root itself has none).
using Tree = std::vector<TreeEntry>;

// Of one entry by itself: its path, its kind, and that a link's target stays inside.
Done check_entry(const TreeEntry& entry);

// The shape above, every bound, and that no link leaves the tree. invalid names the path.
Done check_tree(const Tree& tree);

// RFC 9162 §2.1.1 Merkle tree hash over the entries in order. A leaf is, length-prefixed (4 bytes
// big-endian): "holdfast-tree-entry-v1", type (1 byte), path, mode (4 bytes), size (8 bytes),
// digest. One more leaf "holdfast-tree-end-v1" with the count (8 bytes) closes it.
Sha256 tree_root(const Tree& tree);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_TREE_H
