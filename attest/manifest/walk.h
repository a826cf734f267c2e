// walk_tree: what a directory holds, without following any link and without reading any file.
#ifndef HOLDFAST_ATTEST_MANIFEST_WALK_H
#define HOLDFAST_ATTEST_MANIFEST_WALK_H

#include <sys/stat.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "attest/manifest/tree.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// What a file was when it was looked at; a difference means that somebody changed it since.
struct FileState {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t size = 0;
    std::uint32_t mode = 0;     // with its type
    std::int64_t modified = 0;  // nanoseconds
    std::int64_t changed = 0;
    friend bool operator==(const FileState&, const FileState&) = default;
};
Result<FileState> state_of(int descriptor);

struct WalkedEntry {
    TreeEntry entry;  // complete, but for the digests of files
    FileState state;
};

// "ELOOP"'s words and the like behind what was tried; the path quoted and escaped.
Error path_error(std::string_view path, std::string_view why);
Error path_error(std::string_view path, std::string_view what, int cause);

// Everything under the directory, in the order of a Tree; no ignore rules. invalid names what no
// tree can have: set-id files, devices, sockets, pipes, names that are not UTF-8, links that leave
// it, and whatever is past a bound of tree.h.
Result<std::vector<WalkedEntry>> walk_tree(int directory);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_WALK_H
