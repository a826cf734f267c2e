// scan_tree: a directory as a Tree, every file of it hashed.
#ifndef HOLDFAST_ATTEST_MANIFEST_SCAN_H
#define HOLDFAST_ATTEST_MANIFEST_SCAN_H

#include <cstdint>
#include <functional>
#include <string>

#include "attest/manifest/tree.h"
#include "holdfast/result.h"

namespace holdfast::attest {

struct ScanProgress {
    std::uint64_t files = 0;  // hashed so far
    std::uint64_t all_files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t all_bytes = 0;
};

inline constexpr unsigned max_scan_threads = 16;

struct ScanOptions {
    unsigned threads = 0;  // 0: one for each core, max_scan_threads at most
    // Called on the caller's own thread, about once a file; may be empty.
    std::function<void(const ScanProgress&)> progress;
};

// Refuses what walk_tree and check_tree refuse, and a file or directory that changed between being
// listed and the end: only a tree that stood still can be described. Needs Linux 5.6 (openat2).
Result<Tree> scan_tree(const std::string& directory, const ScanOptions& options);

// SHA-256 of one regular file outside a tree, links followed; refused if it changes meanwhile.
Result<Sha256> hash_still_file(const std::string& path);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_SCAN_H
