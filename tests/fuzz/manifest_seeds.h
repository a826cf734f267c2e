// What make-fuzz-seeds writes for those who read manifests and their signatures.
#ifndef HOLDFAST_TESTS_FUZZ_MANIFEST_SEEDS_H
#define HOLDFAST_TESTS_FUZZ_MANIFEST_SEEDS_H

#include <string>

namespace holdfast::fuzz {

void manifest_seeds(const std::string& folder);

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_MANIFEST_SEEDS_H
