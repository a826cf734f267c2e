// Known answers: the Merkle tree test data of Certificate Transparency (RFC 6962 and RFC 9162 hash
// alike), published with their roots.
#include <array>
#include <string_view>

#include "core/encode/base64.h"
#include "ledger/tree.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

constexpr std::array<std::string_view, 8> leaves = {"",
                                                    "00",
                                                    "10",
                                                    "2021",
                                                    "3031",
                                                    "40414243",
                                                    "5051525354555657",
                                                    "606162636465666768696a6b6c6d6e6f"};

constexpr std::array<std::string_view, 9> roots = {
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};

Bytes from_hex(std::string_view text) {
    auto bytes = encode::from_hex(text);
    REQUIRE(bytes);
    return *bytes;
}

// The definition of RFC 9162 §2.1.1, read off the page: split at the largest power of two.
Sha256 root_by_definition(const std::vector<Bytes>& all) {
    if (all.size() == 1) return ledger::leaf_hash(all.front());
    std::size_t split = 1;
    while (split * 2 < all.size())
        split *= 2;
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(split);
    return ledger::node_hash(root_by_definition({all.begin(), middle}),
                             root_by_definition({middle, all.end()}));
}

}  // namespace

TEST_CASE("tree: roots are the published ones at every size", "[ledger][tree]") {
    ledger::Tree tree;
    CHECK(encode::hex(tree.head().root) == roots[0]);
    for (std::size_t i = 0; i < leaves.size(); ++i) {
        tree.append(ledger::leaf_hash(from_hex(leaves.at(i))));
        CHECK(tree.size() == i + 1);
        CHECK(tree.head().size == i + 1);
        CHECK(encode::hex(tree.head().root) == roots.at(i + 1));
    }
}

TEST_CASE("tree: growing leaf by leaf agrees with the definition", "[ledger][tree]") {
    ledger::Tree tree;
    std::vector<Bytes> all;
    for (std::uint8_t i = 0; i < 200; ++i) {
        all.push_back(Bytes{i, 7, i});
        tree.append(ledger::leaf_hash(all.back()));
        REQUIRE(tree.head().root == root_by_definition(all));
    }
}

TEST_CASE("tree: a leaf cannot pass for a node", "[ledger][tree]") {
    const Sha256 left = ledger::leaf_hash(Bytes{1});
    const Sha256 right = ledger::leaf_hash(Bytes{2});
    Bytes both(left.begin(), left.end());
    both.insert(both.end(), right.begin(), right.end());
    CHECK(ledger::leaf_hash(both) != ledger::node_hash(left, right));
}
