#include <sys/stat.h>

#include "attest/store/layout.h"
#include "attest/store/plan.h"
#include "attest/store/store.h"
#include "tests/support/catch.h"

using namespace holdfast::attest;
using holdfast::Code;
using holdfast::Sha256;

namespace {

Sha256 digest_of(std::uint8_t byte) {
    Sha256 digest{};
    digest.fill(byte);
    return digest;
}

const std::string abab(64, 'a');

SourceEntry found(const std::string& path, mode_t mode, const std::string& target = "") {
    return {path, mode, target};
}

Tree a_tree() {
    Tree tree(3);
    tree[0].path = "bin";
    tree[0].type = EntryType::directory;
    tree[0].mode = 0755;
    tree[1].path = "bin/agent";
    tree[1].mode = 0755;
    tree[2].path = "latest";
    tree[2].type = EntryType::link;
    tree[2].target = "bin/agent";
    return tree;
}

std::vector<SourceEntry> its_listing() {
    return {found("bin", S_IFDIR | 0755), found("bin/agent", S_IFREG | 0755),
            found("latest", S_IFLNK | 0777, "bin/agent")};
}

// The reason, with the path the error names behind it.
std::string refused(const std::vector<SourceEntry>& listing) {
    const auto compared = compare_listing(a_tree(), listing);
    if (compared) return "";
    const auto& text = compared.error().text();
    return compared.error().reason() + " " + text.substr(8, text.find(": ", 8) - 8);
}

}  // namespace

TEST_CASE("store: an object's name is its digest and one of three modes", "[store][layout]") {
    for (const std::uint32_t mode : {0444U, 0555U, 0111U}) {
        const ObjectName object{digest_of(0xaa), mode};
        const auto read = parse_object_name(to_name(object));
        REQUIRE(read);
        CHECK(*read == object);
    }
    CHECK(to_name(ObjectName{digest_of(0xaa), 0444}) == "aa/" + abab + ".0444");
    for (const std::string& wrong :
         {std::string(), "aa/" + abab, "aa/" + abab + ".0644", "ab/" + abab + ".0444",
          "aa/" + abab + ".04444", "aa/" + abab.substr(1) + ".0444",
          "aa/A" + abab.substr(1) + ".0444", "aa-" + abab + ".0444"})
        CHECK_FALSE(parse_object_name(wrong));
}

TEST_CASE("store: names of views and manifests are read back, and no others", "[store][layout]") {
    const ViewName view{digest_of(0xaa), digest_of(0xbb)};
    REQUIRE(parse_view_name(to_name(view)));
    CHECK(*parse_view_name(to_name(view)) == view);
    CHECK_FALSE(parse_view_name(abab + "+" + abab));
    CHECK_FALSE(parse_view_name(abab + "-" + abab + "a"));
    CHECK_FALSE(parse_view_name(abab));
    REQUIRE(parse_manifest_file(manifest_file(digest_of(0xaa))));
    CHECK(*parse_manifest_file(manifest_file(digest_of(0xaa))) == digest_of(0xaa));
    CHECK_FALSE(parse_manifest_file(abab));
    CHECK_FALSE(parse_manifest_file("a" + abab + ".json"));
}

TEST_CASE("store: the entrypoint can be executed and not read, unless the manifest says so",
          "[store][layout]") {
    Manifest manifest;
    manifest.entrypoint = "agent";
    TreeEntry entry;
    entry.path = "agent";
    entry.mode = 0755;
    CHECK(stored_mode(manifest, entry) == 0111);
    manifest.readable_entrypoint = true;
    CHECK(stored_mode(manifest, entry) == 0555);
    entry.path = "other";
    CHECK(stored_mode(manifest, entry) == 0555);
    entry.mode = 0601;
    CHECK(stored_mode(manifest, entry) == 0555);
    entry.mode = 0666;
    CHECK(stored_mode(manifest, entry) == 0444);
}

TEST_CASE("import: a listing must be the tree: nothing more, less or other", "[store][plan]") {
    auto listing = its_listing();
    CHECK(refused(listing).empty());

    listing.push_back(found("more", S_IFREG | 0644));
    CHECK(refused(listing) == "tree_mismatch more");
    listing = its_listing();
    listing.insert(listing.begin(), found("a", S_IFREG | 0644));
    CHECK(refused(listing) == "tree_mismatch a");
    listing = its_listing();
    listing.pop_back();
    CHECK(refused(listing) == "tree_mismatch latest");
    listing = its_listing();
    listing.erase(listing.begin() + 1);
    CHECK(refused(listing) == "tree_mismatch bin/agent");
    CHECK(refused({}) == "tree_mismatch bin");

    for (const auto& [number, other] :
         {std::pair{0, found("bin", S_IFDIR | 0775)}, std::pair{0, found("bin", S_IFREG | 0755)},
          std::pair{1, found("bin/agent", S_IFREG | 0700)},
          std::pair{1, found("bin/agent", S_IFLNK | 0755)},
          std::pair{2, found("latest", S_IFLNK | 0777, "bin/other")},
          std::pair{2, found("latest", S_IFREG | 0777)}}) {
        listing = its_listing();
        listing[static_cast<std::size_t>(number)] = other;
        CHECK(refused(listing) == "tree_mismatch " + other.path);
    }
}

TEST_CASE("import: devices, FIFOs, sockets and set-id files are refused whatever the manifest says",
          "[store][plan]") {
    for (const mode_t mode : {S_IFCHR | 0755U, S_IFBLK | 0755U, S_IFIFO | 0755U, S_IFSOCK | 0755U,
                              S_IFREG | 04755U, S_IFREG | 02755U}) {
        auto listing = its_listing();
        listing[1].mode = mode;
        CHECK(refused(listing) == "unsuitable_file bin/agent");
    }
}
