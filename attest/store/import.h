// Import: a manifest's tree is copied into the store, whole or not at all.
#ifndef HOLDFAST_ATTEST_STORE_IMPORT_H
#define HOLDFAST_ATTEST_STORE_IMPORT_H

#include <cstdint>
#include <functional>
#include <string_view>

#include "attest/store/folders.h"
#include "attest/store/source.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// ext4 stops at 65,000; some are left for who looks at an object through a link of their own.
inline constexpr std::uint64_t max_object_links = 64'000;
inline constexpr unsigned max_import_threads = 8;

struct ImportOptions {
    std::uint64_t max_links = max_object_links;
    unsigned threads = 0;  // 0: one for each core, at most max_import_threads
    // Before each step that changes the disk, from any thread. For tests: what is ended here?
    std::function<void()> before_step = nullptr;
};

struct Imported {
    Sha256 manifest{};
    Sha256 root{};
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::uint64_t reused = 0;  // files whose object was there before
    bool verity = false;       // fs-verity is on for every new object
};

// `envelope` is any well-formed manifest: whose signature counts is decided at launch, by the keys
// that the agent's file names. Errors by reason: manifest_malformed; tree_mismatch,
// unsuitable_file, source_changed and source_unreadable name the path; store_full. After an error
// nothing is left.
Result<Imported> import_code(const Folders& store, Source& source, std::string_view envelope,
                             const ImportOptions& options);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_IMPORT_H
