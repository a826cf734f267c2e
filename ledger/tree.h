// The Merkle tree of RFC 9162 §2.1: leaf and node hashing, and a root that grows leaf by leaf.
#ifndef HOLDFAST_LEDGER_TREE_H
#define HOLDFAST_LEDGER_TREE_H

#include <cstdint>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/evidence.h"

namespace holdfast::ledger {

Sha256 leaf_hash(ByteView record);
Sha256 node_hash(const Sha256& left, const Sha256& right);

// Holds one hash per set bit of the size: O(log n) memory.
class Tree {
  public:
    void append(const Sha256& leaf);
    std::uint64_t size() const noexcept { return size_; }
    LedgerHead head() const;  // the empty tree's root is SHA-256 of nothing

  private:
    std::vector<Sha256> peaks_;  // largest subtree first
    std::uint64_t size_ = 0;
};

}  // namespace holdfast::ledger

#endif  // HOLDFAST_LEDGER_TREE_H
