// fs-verity: the kernel checks each block of a file against a hash tree, and nobody writes it
// again.
#ifndef HOLDFAST_ATTEST_STORE_VERITY_H
#define HOLDFAST_ATTEST_STORE_VERITY_H

#include <string>

#include "holdfast/result.h"

namespace holdfast::attest {

// Whether the folder's file system does it, tried on a file of its own.
bool has_verity(int folder);
// A file that nobody has open for writing, and that the process may write.
Done enable_verity(int folder, const std::string& name);

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_VERITY_H
