// Store: read-only, content-addressed copies of agents' code, and the trees made of them.
#ifndef HOLDFAST_ATTEST_STORE_STORE_H
#define HOLDFAST_ATTEST_STORE_STORE_H

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "attest/manifest/signed_manifest.h"
#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::attest {

// DIR/objects/ab/<sha256>.<mode>   files, root's, no write bits: 0444, 0555, 0111 (entrypoints)
// DIR/views/<root>-<manifest>/     the tree of one manifest, hard links (or copies) of objects
// DIR/manifests/<digest>.json      its DSSE envelope; written last: without it nothing was imported
// DIR/partial/                     what an import is making; emptied at the next start
struct StoredManifest {
    std::string name;
    std::int64_t version = 0;
    std::int64_t not_after = 0;
    Sha256 digest{};  // of the manifest's statement
    Sha256 root{};
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::int64_t imported = 0;  // Unix seconds
};

// What a file of the tree is in the store: the entrypoint 0111 (0555 when readable_entrypoint),
// 0555 with any x bit, 0444 without.
std::uint32_t stored_mode(const Manifest& manifest, const TreeEntry& entry) noexcept;

class Store {
  public:
    // The directory must be root's (or, `owner`) and writable by nobody else.
    static Result<Store> open(const std::string& directory, uid_t owner);

    Result<std::vector<StoredManifest>> list() const;
    // The same, for who asks often: a manifest whose file is the one that was read before is not
    // read again. A large one takes a fifth of a second.
    struct Summary {
        std::int64_t changed_ns = 0;  // ctime
        std::uint64_t inode = 0;
        StoredManifest manifest;
    };
    using Summaries = std::map<Sha256, Summary>;
    Result<std::vector<StoredManifest>> list(Summaries& known) const;
    // The envelope's bytes. not_found with reason manifest_not_imported.
    Result<std::string> envelope(const Sha256& digest) const;

    // The view of a manifest, each entry compared by stat with the manifest: type, owner, mode,
    // size, time, no entry more, none less. denied with reason store_changed naming the path.
    // Contents are not read (fsck does): only root can have changed them.
    struct View {
        Descriptor root;   // O_PATH directory
        std::string path;  // absolute
    };
    Result<View> open_view(const SignedManifest& manifest) const;

  private:
    Store(Descriptor directory, std::string path, uid_t owner)
        : directory_(std::move(directory)), path_(std::move(path)), owner_(owner) {}

    Result<Summary> summary(int folder, const Sha256& digest, const Summaries& known) const;

    Descriptor directory_;
    std::string path_;
    uid_t owner_;
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_STORE_H
