#include "ledger/tree.h"

#include "core/crypto/digest.h"

namespace holdfast::ledger {

namespace {

// RFC 9162 §2.1.1: the prefixes keep a leaf from being read as a node.
constexpr std::uint8_t leaf_prefix = 0x00;
constexpr std::uint8_t node_prefix = 0x01;

}  // namespace

Sha256 leaf_hash(ByteView record) {
    return crypto::sha256({ByteView(&leaf_prefix, 1), record});
}

Sha256 node_hash(const Sha256& left, const Sha256& right) {
    return crypto::sha256({ByteView(&node_prefix, 1), left, right});
}

void Tree::append(const Sha256& leaf) {
    Sha256 hash = leaf;
    // As adding one carries through the low bits of a binary number.
    for (std::uint64_t carry = size_; (carry & 1U) != 0; carry >>= 1U) {
        hash = node_hash(peaks_.back(), hash);
        peaks_.pop_back();
    }
    peaks_.push_back(hash);
    ++size_;
}

LedgerHead Tree::head() const {
    if (peaks_.empty()) return {0, crypto::sha256(ByteView())};
    Sha256 root = peaks_.back();
    for (auto peak = peaks_.rbegin() + 1; peak != peaks_.rend(); ++peak)
        root = node_hash(*peak, root);
    return {size_, root};
}

}  // namespace holdfast::ledger
