// The reading half of an import: every file hashed while it is copied, by several threads.
#ifndef HOLDFAST_ATTEST_STORE_COPY_H
#define HOLDFAST_ATTEST_STORE_COPY_H

#include <atomic>
#include <vector>

#include "attest/store/import.h"
#include "attest/store/plan.h"

namespace holdfast::attest {

class FileCopier {
  public:
    // Files that are not stored yet appear below `view` by their path; the others are read only.
    FileCopier(Source& source, const std::vector<PlannedFile>& files, int view, bool verity,
               const ImportOptions& options)
        : source_(source), files_(files), view_(view), verity_(verity), options_(options) {}

    // Each file is as the manifest says, or the first error any thread saw.
    Done run();

  private:
    Done work();
    Done take_batch(std::size_t first, Bytes& buffer);
    Done take(std::size_t number, OpenedFile opened, Bytes& buffer);
    Done copy(const PlannedFile& planned, int source, int target, Bytes& buffer) const;
    Result<Descriptor> create(const PlannedFile& planned) const;
    Done finish(const PlannedFile& planned, Descriptor target) const;

    Source& source_;
    const std::vector<PlannedFile>& files_;
    int view_;
    bool verity_;
    const ImportOptions& options_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> stop_{false};
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_COPY_H
