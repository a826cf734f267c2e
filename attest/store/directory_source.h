// DirectorySource: a directory read as the process itself may read it, and never out of it.
#ifndef HOLDFAST_ATTEST_STORE_DIRECTORY_SOURCE_H
#define HOLDFAST_ATTEST_STORE_DIRECTORY_SOURCE_H

#include "attest/store/source.h"

namespace holdfast::attest {

class DirectorySource final : public Source {
  public:
    // denied with reason source_unreadable, or not_found.
    static Result<DirectorySource> open(const std::string& directory);

    DirectorySource(DirectorySource&& other) noexcept
        : root_(std::move(other.root_)), files_(std::move(other.files_)) {}
    DirectorySource& operator=(DirectorySource&&) = delete;
    DirectorySource(const DirectorySource&) = delete;
    DirectorySource& operator=(const DirectorySource&) = delete;
    ~DirectorySource() override = default;

    Result<std::vector<SourceEntry>> list() override;
    // By openat2(2): beneath the directory, through no link of any kind.
    Result<OpenedFiles> open(std::size_t first, std::size_t count) override;

  private:
    explicit DirectorySource(Descriptor root) : root_(std::move(root)) {}

    Descriptor root_;
    std::vector<std::string> files_;  // of the last list
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_DIRECTORY_SOURCE_H
