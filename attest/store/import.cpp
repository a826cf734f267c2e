#include "attest/store/import.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <optional>
#include <string>
#include <vector>

#include "attest/manifest/signed_manifest.h"
#include "attest/store/copy.h"
#include "attest/store/files.h"
#include "attest/store/layout.h"
#include "attest/store/linking.h"
#include "attest/store/plan.h"
#include "attest/store/store.h"
#include "attest/store/verity.h"
#include "attest/store/view.h"

namespace holdfast::attest {
namespace {

constexpr const char* new_view = "view";
constexpr const char* new_manifest = "manifest";

Result<SignedManifest> well_formed(std::string_view envelope) {
    auto opened = read_manifest_unverified(envelope);
    if (!opened) return std::move(opened).error().within("import").because("manifest_malformed");
    return opened;
}

Done check_room(const Folders& store) {
    HOLDFAST_TRY(names, names_in(store.manifests.get()));
    if (names.size() < max_stored_manifests) return done();
    return Error(Code::unavailable, "store: " + std::to_string(max_stored_manifests) +
                                        " manifests are in it; collect first")
        .because("store_full");
}

class Import {
  public:
    Import(const Folders& store, const SignedManifest& manifest, const ImportOptions& options)
        : store_(store), manifest_(manifest), options_(options) {}

    Result<Imported> run(Source& source, std::string_view envelope);
    // Objects that this import brought and no manifest will name.
    void take_back() {
        if (linking_) linking_->take_back();
    }

  private:
    void step() const {
        if (options_.before_step) options_.before_step();
    }
    Result<Descriptor> make_view();
    Done write_manifest(std::string_view envelope) const;
    bool is_complete(const std::string& name) const;
    Done place_view() const;
    Done place_manifest() const;
    Imported result(const std::vector<PlannedFile>& files, bool verity) const;

    const Folders& store_;
    const SignedManifest& manifest_;
    const ImportOptions& options_;
    std::optional<Linking> linking_;
};

// Durable before named: first the contents, then what links to them, then the manifest. So what a
// manifest in manifests/ needs is whole, whenever the machine stops.
Result<Imported> Import::run(Source& source, std::string_view envelope) {
    auto files = plan_files(store_, manifest_.manifest);
    const bool verity = has_verity(store_.partial.get());
    HOLDFAST_TRY(view, make_view());
    HOLDFAST_CHECK(FileCopier(source, files, view.get(), verity, options_).run());
    step();
    HOLDFAST_CHECK(sync_file_system(store_.partial.get()));
    linking_.emplace(store_, view.get(), files, options_);
    HOLDFAST_CHECK(linking_->publish());
    HOLDFAST_CHECK(linking_->fill_view());
    HOLDFAST_CHECK(linking_->close_view(manifest_.manifest.tree));
    HOLDFAST_CHECK(write_manifest(envelope));
    HOLDFAST_CHECK(place_view());
    step();
    HOLDFAST_CHECK(sync_file_system(store_.partial.get()));
    HOLDFAST_CHECK(place_manifest());
    return result(files, verity);
}

Result<Descriptor> Import::make_view() {
    step();
    HOLDFAST_CHECK(make_folder(store_.partial.get(), new_view, private_folder_mode));
    HOLDFAST_TRY(view, open_folder(store_.partial.get(), new_view));
    for (const auto& entry : manifest_.manifest.tree) {
        if (entry.type == EntryType::directory)
            HOLDFAST_CHECK(make_folder(view.get(), entry.path, private_folder_mode));
    }
    return view;
}

Done Import::write_manifest(std::string_view envelope) const {
    step();
    const Descriptor file(::openat(store_.partial.get(), new_manifest,
                                   O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                                   private_file_mode));
    if (!file) return disk_error("create the manifest");
    return write_all(file.get(), view_of(envelope));
}

// Of an earlier import that came to its end; instances may be running from it.
bool Import::is_complete(const std::string& name) const {
    struct stat status{};
    if (::fstatat(store_.manifests.get(), manifest_file(manifest_.digest).c_str(), &status,
                  AT_SYMLINK_NOFOLLOW) != 0)
        return false;
    const auto view = open_folder(store_.views.get(), name);
    const ViewRules rules{store_.owner,
                          [](const std::string& path, std::string_view what) -> Done {
                              return store_changed(path, what);
                          },
                          nullptr};
    return view && compare_view(view->get(), manifest_.manifest, rules);
}

Done Import::place_view() const {
    const std::string name =
        to_name(ViewName{tree_root(manifest_.manifest.tree), manifest_.digest});
    step();
    if (is_complete(name)) return remove_all(store_.partial.get(), new_view);
    // One without its manifest, or changed. Its owner, when not root, could not move it without w.
    const bool is_there = ::fchmodat(store_.views.get(), name.c_str(), private_folder_mode, 0) == 0;
    const unsigned how = is_there ? RENAME_EXCHANGE : RENAME_NOREPLACE;
    if (::renameat2(store_.partial.get(), new_view, store_.views.get(), name.c_str(), how) != 0)
        return disk_error("place the view");
    step();
    if (::fchmodat(store_.views.get(), name.c_str(), view_folder_mode, 0) != 0)
        return disk_error("chmod the view");
    return remove_all(store_.partial.get(), new_view);  // the one it was exchanged for
}

Done Import::place_manifest() const {
    const std::string name = manifest_file(manifest_.digest);
    const int manifests = store_.manifests.get();
    step();
    if (::renameat(store_.partial.get(), new_manifest, manifests, name.c_str()) != 0)
        return disk_error("place the manifest");
    step();
    if (::fsync(manifests) == 0) return done();
    Error error = disk_error("fsync");
    (void)::unlinkat(manifests, name.c_str(), 0);
    return error;
}

Imported Import::result(const std::vector<PlannedFile>& files, bool verity) const {
    Imported imported;
    imported.manifest = manifest_.digest;
    imported.root = tree_root(manifest_.manifest.tree);
    imported.files = files.size();
    imported.verity = verity;
    for (const auto& file : files) {
        imported.bytes += file.entry->size;
        imported.reused += file.stored ? 1U : 0U;
    }
    return imported;
}

}  // namespace

Result<Imported> import_code(const Folders& store, Source& source, std::string_view envelope,
                             const ImportOptions& options) {
    HOLDFAST_TRY(manifest, well_formed(envelope));
    HOLDFAST_CHECK(check_room(store));
    HOLDFAST_TRY(listing, source.list());
    HOLDFAST_CHECK(compare_listing(manifest.manifest.tree, listing));
    Import import(store, manifest, options);
    auto outcome = import.run(source, envelope);
    if (outcome) return outcome;
    import.take_back();
    (void)empty_partial(store);  // what stays goes at the next start
    return outcome;
}

}  // namespace holdfast::attest
