// What an import has to do: the source compared with the manifest, and each file's object.
#ifndef HOLDFAST_ATTEST_STORE_PLAN_H
#define HOLDFAST_ATTEST_STORE_PLAN_H

#include <string>
#include <vector>

#include "attest/manifest/manifest.h"
#include "attest/store/folders.h"
#include "attest/store/layout.h"
#include "attest/store/source.h"

namespace holdfast::attest {

// The same paths, types, modes and targets, none more and none less: conflict with reason
// tree_mismatch. A device, FIFO, socket or set-id file is invalid with reason unsuitable_file.
Done compare_listing(const Tree& tree, const std::vector<SourceEntry>& listing);

Error tree_mismatch(std::string_view path, std::string_view what);
Error unsuitable_file(std::string_view path, std::string_view what);

struct PlannedFile {
    const TreeEntry* entry = nullptr;
    ObjectName object;
    std::size_t first =
        0;                // number of the first file with this object: it is copied, others linked
    bool stored = false;  // the object was there before
    std::uint64_t links = 0;  // of the object; of a first file only
};

// Every file of the tree in order. An object counts as stored when its inode is as it should be;
// contents are the business of fsck.
std::vector<PlannedFile> plan_files(const Folders& store, const Manifest& manifest);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_PLAN_H
