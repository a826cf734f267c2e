// diff_manifests: what is not the same in two manifests, field by field and entry by entry.
#ifndef HOLDFAST_ATTEST_MANIFEST_DIFF_H
#define HOLDFAST_ATTEST_MANIFEST_DIFF_H

#include <string>
#include <vector>

#include "attest/manifest/manifest.h"

namespace holdfast::attest {

struct Difference {
    std::string
        what;  // "version", "environment.LANG", "host_files./lib/libc.so.6", "tree.app/a.py"
    std::string before;  // as text; empty: not there
    std::string after;
    friend bool operator==(const Difference&, const Difference&) = default;
};

// Fields first, then entries of the tree in the order of their paths. Empty for equal manifests.
std::vector<Difference> diff_manifests(const Manifest& before, const Manifest& after);
std::vector<Difference> diff_trees(const Tree& before, const Tree& after);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_MANIFEST_DIFF_H
