// Collect: what no kept manifest needs is removed from the store.
#ifndef HOLDFAST_ATTEST_STORE_COLLECT_H
#define HOLDFAST_ATTEST_STORE_COLLECT_H

#include <cstdint>
#include <vector>

#include "attest/store/folders.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"

namespace holdfast::attest {

struct Collected {
    std::uint64_t manifests = 0;
    std::uint64_t views = 0;
    std::uint64_t objects = 0;
    std::uint64_t bytes = 0;  // of objects that had no other link
};

// `keep`: digests of manifests in use; the caller launches nothing else meanwhile. A kept manifest
// that cannot be read means that nothing is removed (denied, store_changed). Stopped at any point,
// it leaves nothing that a manifest still there would miss.
Result<Collected> collect(const Folders& store, const std::vector<Sha256>& keep);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_COLLECT_H
