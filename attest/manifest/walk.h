// walk_tree: what a directory holds, without following any link and without reading any file.
#ifndef HOLDFAST_ATTEST_MANIFEST_WALK_H
#define HOLDFAST_ATTEST_MANIFEST_WALK_H

#include <sys/stat.h>

#include <cstdint>
#include <string>
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

// What no tree can have.
enum class Unfit : std::uint8_t { set_id, special, not_utf8 };
struct UnfitEntry {
    std::string path;
    Unfit kind;
    std::string_view why;
};

struct Walked {
    std::vector<WalkedEntry> entries;  // in the order of a Tree
    std::vector<UnfitEntry> unfit;
};

// Everything under the directory; no ignore rules. invalid names what is too deep or one too many,
// and what cannot be listed.
Result<Walked> walk_tree(int directory);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_WALK_H
