// StoreWorld: a source directory, its manifest, and a store of the test's own to import it into.
#ifndef HOLDFAST_TESTS_SUPPORT_STORE_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_STORE_WORLD_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "attest/manifest/signed_manifest.h"
#include "attest/store/directory_source.h"
#include "attest/store/files.h"
#include "attest/store/import.h"
#include "attest/store/layout.h"
#include "attest/store/store.h"
#include "core/crypto/digest.h"
#include "core/encode/dsse.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::test {

inline std::string text_in(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Signed by nobody: whose signature counts is not the store's question.
inline std::string envelope_of(const attest::Manifest& manifest) {
    encode::Dsse envelope;
    envelope.payload_type = attest::payload_type;
    envelope.payload = bytes_of(view_of(attest::to_statement(manifest)));
    envelope.signatures = {{"", Bytes(64, 1)}};
    return encode::to_json(envelope);
}

inline attest::TreeEntry entry_of(const attest::SourceEntry& found, const std::string& directory) {
    attest::TreeEntry entry;
    entry.path = found.path;
    if (S_ISDIR(found.mode)) entry.type = attest::EntryType::directory;
    if (!S_ISLNK(found.mode)) entry.mode = found.mode & 07777U;
    if (S_ISLNK(found.mode)) {
        entry.type = attest::EntryType::link;
        entry.target = found.target;
        entry.digest = crypto::sha256(view_of(found.target));
    }
    if (S_ISREG(found.mode)) {
        const std::string text = text_in(directory + "/" + found.path);
        entry.size = text.size();
        entry.digest = crypto::sha256(view_of(text));
    }
    return entry;
}

class StoreWorld {
  public:
    explicit StoreWorld(std::string store = "") : store_(std::move(store)) {
        if (store_.empty()) store_ = directory_.file("store");
        std::filesystem::create_directory(source());
        // What anybody may reach, so that tests with other users can.
        (void)::chmod(directory_.path().c_str(), 0755);
        (void)::chmod(source().c_str(), 0755);
    }
    StoreWorld(const StoreWorld&) = delete;
    StoreWorld& operator=(const StoreWorld&) = delete;
    // Folders of views have no w, which stops whoever is not root.
    ~StoreWorld() { (void)attest::remove_all(AT_FDCWD, store_); }

    std::string source() const { return directory_.file("source"); }
    std::string source(const std::string& path) const { return source() + "/" + path; }
    const std::string& store() const { return store_; }
    std::string store(const std::string& path) const { return store_ + "/" + path; }
    std::string file(const std::string& name) const { return directory_.file(name); }

    void file(const std::string& path, const std::string& text, mode_t mode) const {
        std::ofstream(source(path), std::ios::binary) << text;
        (void)::chmod(source(path).c_str(), mode);
    }
    void folder(const std::string& path) const {
        std::filesystem::create_directory(source(path));
        (void)::chmod(source(path).c_str(), 0755);
    }
    void link(const std::string& path, const std::string& target) const {
        std::filesystem::create_symlink(target, source(path));
    }

    // An agent with what an import has to tell apart: same contents with other modes, "a-b" between
    // "a" and "a/…", an empty folder, links.
    void fill() const {
        file("agent",
             "\x7f"
             "ELF: the agent",
             0755);
        folder("lib");
        file("lib/a.py", "print('a')", 0644);
        file("lib/same.py", "print('a')", 0644);
        file("lib/same-but-x.py", "print('a')", 0755);
        folder("lib/a");
        file("lib/a/x", "x", 0600);
        folder("lib/a-b");
        file("lib/a-b/y", "", 0644);
        folder("empty");
        file("large", std::string(1'000'000, 'l'), 0644);
        link("latest", "lib/a.py");
    }

    // What the source is now, as its sponsor would state it.
    attest::Manifest manifest() const {
        attest::Manifest manifest;
        manifest.name = "bot";
        manifest.version = 1;
        manifest.not_after = 2'000'000'000;
        manifest.entrypoint = "agent";
        manifest.arguments = {"agent"};
        auto directory = attest::DirectorySource::open(source());
        const auto listing = directory->list();
        for (const auto& found : *listing)
            manifest.tree.push_back(entry_of(found, source()));
        return manifest;
    }

    Result<attest::Imported> import(const std::string& envelope,
                                    const attest::ImportOptions& options = {}) const {
        HOLDFAST_TRY(folders, folders_for(attest::Use::write));
        HOLDFAST_TRY(directory, attest::DirectorySource::open(source()));
        return attest::import_code(folders, directory, envelope, options);
    }
    Result<attest::Imported> import() const { return import(envelope_of(manifest())); }

    Result<attest::Folders> folders_for(attest::Use use) const {
        return attest::open_folders(store_, ::geteuid(), use);
    }
    attest::Store opened() const { return *attest::Store::open(store_, ::geteuid()); }

    std::size_t count(const std::string& folder) const {
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator(store(folder)))
            files += entry.is_directory() ? 0U : 1U;
        return files;
    }
    // The names right in a folder of the store.
    std::vector<std::string> names(const std::string& folder) const {
        const auto opened = attest::open_folder(AT_FDCWD, store(folder));
        return *attest::names_in(opened->get());
    }

  private:
    tests::TemporaryDirectory directory_;
    std::string store_;
};

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_STORE_WORLD_H
