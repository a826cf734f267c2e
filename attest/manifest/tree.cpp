#include "attest/manifest/tree.h"

#include <algorithm>
#include <string_view>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/encode/utf8.h"
#include "ledger/tree.h"

namespace holdfast::attest {
namespace {

constexpr std::string_view entry_label = "holdfast-tree-entry-v1";
constexpr std::string_view end_label = "holdfast-tree-end-v1";
constexpr std::uint32_t permission_bits = 07777;

// Paths come from whoever wrote the manifest: quoted and escaped before an operator reads them.
Error wrong(const TreeEntry& entry, std::string_view why) {
    constexpr std::size_t max_shown = 256;
    const std::string path = encode::canonical(encode::Json(entry.path.substr(0, max_shown)));
    return {Code::invalid, "tree: " + path + ": " + std::string(why)};
}

bool is_text(std::string_view text) {
    return text.find('\0') == std::string_view::npos && encode::is_utf8(text);
}

// What stands before the first '/', which goes with it.
std::string_view next_component(std::string_view& rest) {
    const std::string_view component = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(component.size() + 1, rest.size()));
    return component;
}

Done check_path(const TreeEntry& entry) {
    const std::string_view path = entry.path;
    if (path.empty() || path.size() > max_tree_path)
        return wrong(entry, "a path has 1 to 1024 bytes");
    if (!is_text(path)) return wrong(entry, "must be UTF-8 without NUL");
    if (path.front() == '/' || path.back() == '/')
        return wrong(entry, "must neither begin nor end with '/'");
    std::size_t depth = 0;
    for (std::string_view rest = path; !rest.empty();) {
        const std::string_view name = next_component(rest);
        if (name.empty() || name == "." || name == "..")
            return wrong(entry, "has an empty, \".\" or \"..\" component");
        if (name.size() > max_tree_name) return wrong(entry, "has a name of more than 255 bytes");
        if (++depth > max_tree_depth) return wrong(entry, "is more than 64 levels deep");
    }
    return done();
}

// Leading ".." climb through real directories, since every parent in a tree is one. Names after
// them may be links, which obey this rule themselves. A ".." after a name could climb out through
// such a link, so there is none.
Done check_target(const TreeEntry& entry) {
    if (entry.target.empty() || entry.target.size() > max_tree_path)
        return wrong(entry, "a link's target has 1 to 1024 bytes");
    if (!is_text(entry.target)) return wrong(entry, "its target must be UTF-8 without NUL");
    if (entry.target.front() == '/') return wrong(entry, "its target is absolute");
    auto levels = std::count(entry.path.begin(), entry.path.end(), '/');
    bool named = false;
    for (std::string_view rest = entry.target; !rest.empty();) {
        const std::string_view name = next_component(rest);
        if (name != "..") {
            named = named || (!name.empty() && name != ".");
            continue;
        }
        if (named) return wrong(entry, "its target has \"..\" after a name");
        if (levels-- == 0) return wrong(entry, "its target leaves the tree");
    }
    return done();
}

Done check_kind(const TreeEntry& entry) {
    const bool is_file = entry.type == EntryType::file;
    if (entry.mode > permission_bits) return wrong(entry, "its mode is more than permission bits");
    if (!is_file && entry.size != 0) return wrong(entry, "only files have a size");
    if (entry.type == EntryType::directory && entry.digest != Sha256{})
        return wrong(entry, "a directory has no digest");
    if (entry.type != EntryType::link)
        return entry.target.empty() ? done() : Done(wrong(entry, "only links have a target"));
    if (entry.mode != 0) return wrong(entry, "a link has no mode");
    HOLDFAST_CHECK(check_target(entry));
    if (entry.digest != crypto::sha256(view_of(entry.target)))
        return wrong(entry, "its digest is not its target's");
    return done();
}

bool before(const TreeEntry& entry, std::string_view path) {
    return entry.path < path;
}

// `end`: the entry itself; a parent's path is shorter, so it stands before.
Done check_parent(const Tree& tree, Tree::const_iterator end) {
    const std::size_t slash = end->path.rfind('/');
    if (slash == std::string::npos) return done();
    const std::string_view parent = std::string_view(end->path).substr(0, slash);
    const auto found = std::lower_bound(tree.begin(), end, parent, before);
    if (found == end || found->path != parent)
        return wrong(*end, "its directory is not in the tree");
    if (found->type != EntryType::directory) return wrong(*end, "its parent is not a directory");
    return done();
}

class Leaf {
  public:
    explicit Leaf(std::string_view label) { add(view_of(label)); }
    void add(ByteView field) {
        put(field.size(), 4);
        bytes_.insert(bytes_.end(), field.begin(), field.end());
    }
    void add(std::uint64_t number, unsigned size) {
        put(size, 4);
        put(number, size);
    }
    Sha256 hash() const { return ledger::leaf_hash(bytes_); }

  private:
    void put(std::uint64_t number, unsigned size) {
        for (unsigned left = size; left > 0; --left)
            bytes_.push_back(static_cast<std::uint8_t>(number >> (8U * (left - 1U))));
    }

    Bytes bytes_;
};

Sha256 leaf_of(const TreeEntry& entry) {
    Leaf leaf(entry_label);
    leaf.add(static_cast<std::uint64_t>(entry.type), 1);
    leaf.add(view_of(entry.path));
    leaf.add(entry.mode, 4);
    leaf.add(entry.size, 8);
    leaf.add(entry.digest);
    return leaf.hash();
}

}  // namespace

Done check_tree(const Tree& tree) {
    if (tree.size() > max_tree_entries)
        return Error(Code::invalid, "tree: more than 262144 entries");
    std::uint64_t bytes = 0;
    for (auto entry = tree.begin(); entry != tree.end(); ++entry) {
        HOLDFAST_CHECK(check_path(*entry));
        if (entry != tree.begin() && std::prev(entry)->path >= entry->path)
            return wrong(*entry, "twice, or not in the order of the bytes of paths");
        HOLDFAST_CHECK(check_kind(*entry));
        HOLDFAST_CHECK(check_parent(tree, entry));
        // Each at most the bound, so that the sum cannot wrap around.
        if (entry->size > max_tree_bytes - bytes)
            return wrong(*entry, "with this file the tree has more than 64 GiB");
        bytes += entry->size;
    }
    return done();
}

Sha256 tree_root(const Tree& tree) {
    ledger::Tree merkle;
    for (const TreeEntry& entry : tree)
        merkle.append(leaf_of(entry));
    Leaf end(end_label);
    end.add(tree.size(), 8);
    merkle.append(end.hash());
    return merkle.head().root;
}

}  // namespace holdfast::attest
