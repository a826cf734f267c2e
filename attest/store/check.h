// Check (fsck): everything in the store is read again and compared with what its name says.
#ifndef HOLDFAST_ATTEST_STORE_CHECK_H
#define HOLDFAST_ATTEST_STORE_CHECK_H

#include <cstdint>
#include <string>
#include <vector>

#include "attest/store/folders.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_differences = 1000;  // reported; all are counted

struct Difference {
    std::string path;  // below the store's directory
    std::string what;
    friend bool operator==(const Difference&, const Difference&) = default;
};

struct CheckReport {
    std::uint64_t manifests = 0, views = 0, objects = 0;  // looked at
    std::uint64_t bytes = 0;                              // read
    std::uint64_t unneeded = 0;  // views and objects of no manifest: collect removes them
    std::uint64_t unread = 0;    // execute-only, where the owner is not root: contents not compared
    std::uint64_t differing = 0;
    std::vector<Difference> differences;  // the first max_differences
};

// Changes nothing. The Error is of the check itself; what is wrong with the store is in the report.
Result<CheckReport> check_store(const Folders& store);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_CHECK_H
