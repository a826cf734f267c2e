#include "attest/manifest/tree.h"
#include "ledger/tree.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"

using namespace holdfast;
using namespace holdfast::attest;
using tests::a_directory;
using tests::a_file;
using tests::a_link;

namespace {

bool ok(Tree tree) {
    return check_tree(tree).has_value();
}

std::string deep_path(std::size_t levels) {
    std::string path = "d";
    for (std::size_t level = 1; level < levels; ++level)
        path += "/d";
    return path;
}

Tree deep(std::size_t levels) {
    Tree tree;
    for (std::size_t level = 1; level <= levels; ++level)
        tree.push_back(a_directory(deep_path(level)));
    return tree;
}

Bytes field(ByteView bytes) {
    Bytes framed{0, 0, 0, static_cast<std::uint8_t>(bytes.size())};
    framed.insert(framed.end(), bytes.begin(), bytes.end());
    return framed;
}

Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes all;
    for (const Bytes& part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

}  // namespace

TEST_CASE("tree: files, directories and links, in the order of their bytes", "[attest][manifest]") {
    CHECK(ok({}));
    CHECK(ok(tests::sample_manifest().tree));
    // '-' comes before '/': the directory stands before both.
    CHECK(ok({a_directory("a"), a_file("a-b"), a_file("a/b")}));
    CHECK_FALSE(ok({a_directory("a"), a_file("a/b"), a_file("a-b")}));
    CHECK_FALSE(ok({a_file("a"), a_file("a")}));
    CHECK_FALSE(ok({a_file("b"), a_file("a")}));
}

TEST_CASE("tree: every parent is a directory of the tree", "[attest][manifest]") {
    CHECK_FALSE(ok({a_file("a/b")}));
    CHECK_FALSE(ok({a_file("a"), a_file("a/b")}));
    CHECK_FALSE(ok({a_link("a", "b"), a_file("a/b"), a_directory("b")}));
    CHECK_FALSE(ok({a_directory("a"), a_file("a/b/c")}));
}

TEST_CASE("tree: paths say one place, and say it in one way", "[attest][manifest]") {
    for (const char* path : {"", "/a", "a/", ".", "..", "../a", "/", "\xff", "\xc3"}) {
        INFO(path);
        CHECK_FALSE(ok({a_file(path)}));
    }
    for (const char* path : {"a//b", "a/./b", "a/../b", "a/.."}) {
        INFO(path);
        CHECK_FALSE(ok({a_directory("a"), a_file(path)}));
    }
    CHECK_FALSE(ok({a_file(std::string("a\0b", 3))}));
    CHECK(ok({a_file("\xc3\xa9 \n\"'...")}));
}

TEST_CASE("tree: lengths and depth are bounded, at the bound and one past it",
          "[attest][manifest]") {
    CHECK(ok({a_file(std::string(max_tree_name, 'n'))}));
    CHECK_FALSE(ok({a_file(std::string(max_tree_name + 1, 'n'))}));
    CHECK(ok(deep(max_tree_depth)));
    CHECK_FALSE(ok(deep(max_tree_depth + 1)));
    // Three names of 255 bytes and one of 254 with their slashes are 1022 bytes.
    Tree tree;
    std::string path;
    for (const std::size_t name : {255U, 255U, 255U, 254U}) {
        path += (path.empty() ? "" : "/") + std::string(name, 'a');
        tree.push_back(a_directory(path));
    }
    tree.push_back(a_file(path + "/b"));
    CHECK(tree.back().path.size() == max_tree_path);
    CHECK(ok(tree));
    tree.back().path += "b";
    CHECK_FALSE(ok(tree));
}

TEST_CASE("tree: the number of entries is bounded, at the bound and one past it",
          "[attest][manifest]") {
    Tree tree;
    tree.reserve(max_tree_entries + 1);
    for (std::size_t i = 0; i < max_tree_entries; ++i) {
        const std::string number = std::to_string(1'000'000 + i);
        tree.push_back({number, EntryType::file, 0644, 0, {}, {}});
    }
    CHECK(check_tree(tree));
    tree.push_back(a_file("x"));
    CHECK_FALSE(check_tree(tree));
}

TEST_CASE("tree: its size is bounded, at the bound and one past it", "[attest][manifest]") {
    Tree tree{a_file("a"), a_file("b")};
    tree[0].size = max_tree_bytes - 1;
    tree[1].size = 1;
    CHECK(ok(tree));
    tree[1].size = 2;
    CHECK_FALSE(ok(tree));
    tree[1].size = std::uint64_t(-1);  // their sum wraps around
    CHECK_FALSE(ok(tree));
}

TEST_CASE("tree: no link leaves the tree, not even through another link", "[attest][manifest]") {
    const auto link = [](const char* path, const char* target) {
        return ok({a_directory("a"), a_directory("a/b"), a_link(path, target)});
    };
    CHECK(link("x", "a/b"));
    CHECK(link("x", "./a//b/"));
    CHECK(link("x", "."));
    CHECK(link("x", "nowhere"));
    CHECK(link("a/x", ".."));
    CHECK(link("a/x", "../a"));
    CHECK(link("a/b/x", "../../a"));
    CHECK_FALSE(link("x", ""));
    CHECK_FALSE(link("x", "/etc/passwd"));
    CHECK_FALSE(link("x", ".."));
    CHECK_FALSE(link("x", "./.."));
    CHECK_FALSE(link("a/x", "../.."));
    CHECK_FALSE(link("a/b/x", "../../../etc"));
    CHECK_FALSE(link("x", "a/../.."));
    // Each alone seems to stay inside; x followed through y would end above the root.
    CHECK_FALSE(ok({a_directory("a"), a_link("a/y", ".."), a_link("x", "a/y/..")}));
    CHECK_FALSE(link("x", "\xff"));
    CHECK(link("x", std::string(max_tree_path, 't').c_str()));
    CHECK_FALSE(link("x", std::string(max_tree_path + 1, 't').c_str()));
    TreeEntry nul = a_link("x", std::string("a\0/../..", 8));
    CHECK_FALSE(ok({nul}));
}

TEST_CASE("tree: each kind of entry has what is its, and nothing else", "[attest][manifest]") {
    const auto bent = [](TreeEntry entry, auto bend) {
        bend(entry);
        return ok({entry});
    };
    CHECK(bent(a_file("a"), [](TreeEntry& e) { e.mode = 07777; }));
    CHECK_FALSE(bent(a_file("a"), [](TreeEntry& e) { e.mode = 010000; }));
    CHECK_FALSE(bent(a_file("a"), [](TreeEntry& e) { e.target = "b"; }));
    CHECK_FALSE(bent(a_directory("a"), [](TreeEntry& e) { e.size = 1; }));
    CHECK_FALSE(bent(a_directory("a"), [](TreeEntry& e) { e.digest[0] = 1; }));
    CHECK_FALSE(bent(a_directory("a"), [](TreeEntry& e) { e.target = "b"; }));
    CHECK_FALSE(bent(a_link("a", "b"), [](TreeEntry& e) { e.mode = 0777; }));
    CHECK_FALSE(bent(a_link("a", "b"), [](TreeEntry& e) { e.size = 1; }));
    CHECK_FALSE(bent(a_link("a", "b"), [](TreeEntry& e) { e.digest[0] ^= 1; }));
}

TEST_CASE("tree: the root is the Merkle hash the header promises", "[attest][manifest]") {
    const TreeEntry file = a_file("a", 0755);
    const Bytes leaf = joined({field(view_of("holdfast-tree-entry-v1")), field(Bytes{1}),
                               field(view_of("a")), field(Bytes{0, 0, 0x01, 0xed}),
                               field(Bytes{0, 0, 0, 0, 0, 0, 0, 4}), field(file.digest)});
    const Bytes end =
        joined({field(view_of("holdfast-tree-end-v1")), field(Bytes{0, 0, 0, 0, 0, 0, 0, 1})});
    CHECK(tree_root({file}) == ledger::node_hash(ledger::leaf_hash(leaf), ledger::leaf_hash(end)));
}

TEST_CASE("tree: whatever changes in a tree changes its root", "[attest][manifest]") {
    const Tree tree = tests::sample_manifest().tree;
    const Sha256 root = tree_root(tree);
    const auto changed = [&](std::size_t index, auto change) {
        Tree other = tree;
        change(other[index]);
        return tree_root(other) != root;
    };
    CHECK(changed(1, [](TreeEntry& e) { e.path = "app/main.pyc"; }));
    CHECK(changed(1, [](TreeEntry& e) { e.mode = 0755; }));
    CHECK(changed(1, [](TreeEntry& e) { e.size = 5; }));
    CHECK(changed(1, [](TreeEntry& e) { e.digest[31] ^= 1; }));
    CHECK(changed(0, [](TreeEntry& e) { e.mode = 0700; }));
    CHECK(changed(3, [](TreeEntry& e) { e = a_link(e.path, "elsewhere"); }));
    CHECK(changed(0, [](TreeEntry& e) { e.type = EntryType::file; }));
    Tree more = tree;
    more.push_back(a_file("z"));
    CHECK(tree_root(more) != root);
    Tree fewer(tree.begin(), tree.end() - 1);
    CHECK(tree_root(fewer) != root);
    Tree swapped{a_file("a"), a_file("b")};
    const Sha256 before = tree_root(swapped);
    std::swap(swapped[0].digest, swapped[1].digest);
    CHECK(tree_root(swapped) != before);
    // An entry made to look like the closing leaf is not one.
    CHECK(tree_root({}) != tree_root({TreeEntry{}}));
}
