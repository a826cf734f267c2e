// ReadingHalf: the process that opens the operator's files, as the operator.
#ifndef HOLDFAST_DAEMON_WORKERS_IMPORTER_READER_H
#define HOLDFAST_DAEMON_WORKERS_IMPORTER_READER_H

#include <sys/types.h>

#include <memory>
#include <utility>
#include <vector>

#include "daemon/link/codec_store.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {

class ReadingHalf {
  public:
    // Forks: this process must have one thread yet, and nothing open that the operator may not
    // have.
    static Result<ReadingHalf> start(const ImportRequest& request);

    ReadingHalf(ReadingHalf&& other) noexcept
        : link_(std::move(other.link_)), pid_(std::exchange(other.pid_, -1)) {}
    ReadingHalf& operator=(ReadingHalf&&) = delete;
    ReadingHalf(const ReadingHalf&) = delete;
    ReadingHalf& operator=(const ReadingHalf&) = delete;
    ~ReadingHalf();

    int link() const { return link_.get(); }

  private:
    ReadingHalf(Descriptor link, pid_t pid) : link_(std::move(link)), pid_(pid) {}

    Descriptor link_;
    pid_t pid_;
};

// What it answers, once it has become the operator: read_manifest, list_source and open_source.
class ReaderService {
  public:
    explicit ReaderService(const ImportRequest& request) : request_(request) {}
    Result<Reply> answer(const Message& message);

  private:
    Result<Reply> manifest() const;
    Result<Reply> listing(ByteView payload);
    Result<Reply> files(ByteView payload);

    const ImportRequest& request_;
    std::unique_ptr<attest::Source> source_;
    std::vector<attest::SourceEntry> entries_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_IMPORTER_READER_H
