// Source: the files an import reads, opened by whoever may read them.
#ifndef HOLDFAST_ATTEST_STORE_SOURCE_H
#define HOLDFAST_ATTEST_STORE_SOURCE_H

#include <sys/types.h>

#include <string>
#include <vector>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::attest {

inline constexpr std::size_t max_opened_at_once = 64;

struct SourceEntry {
    std::string path;    // relative to the source directory
    mode_t mode = 0;     // st_mode: type and permission bits
    std::string target;  // links only
    friend bool operator==(const SourceEntry&, const SourceEntry&) = default;
};

struct OpenedFile {
    Descriptor file;  // for reading; none when it could not be opened
    int error = 0;    // then its errno
};

struct OpenedFiles {
    std::size_t first = 0;
    std::vector<OpenedFile> files;
};

class Source {
  public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    // Everything below the directory, ordered by the bytes of its path; no rule leaves anything
    // out.
    virtual Result<std::vector<SourceEntry>> list() = 0;

    // Regular files of that list by their number among them, at most max_opened_at_once. Several
    // threads may call at once; each gets what one of them asked for, `first` says what.
    virtual Result<OpenedFiles> open(std::size_t first, std::size_t count) = 0;
};

}  // namespace holdfast::attest

#endif  // HOLDFAST_ATTEST_STORE_SOURCE_H
