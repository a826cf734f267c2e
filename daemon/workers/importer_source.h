// LinkedSource: the operator's files as the reading half hands them over; nothing it says is
// believed.
#ifndef HOLDFAST_DAEMON_WORKERS_IMPORTER_SOURCE_H
#define HOLDFAST_DAEMON_WORKERS_IMPORTER_SOURCE_H

#include <string>

#include "attest/store/source.h"
#include "daemon/link/codec.h"
#include "daemon/link/messages.h"

namespace holdfast::daemon {

class LinkedSource final : public attest::Source {
  public:
    explicit LinkedSource(int link) : link_(link) {}

    // The manifest file's bytes; invalid with reason manifest_malformed when it is no file or
    // larger than any manifest.
    Result<std::string> manifest() const;

    Result<std::vector<attest::SourceEntry>> list() override;
    // A datagram is a whole answer, and all threads want the same: each takes whichever comes.
    Result<attest::OpenedFiles> open(std::size_t first, std::size_t count) override;

  private:
    Result<Reply> ask(Operation operation, Bytes payload) const;

    int link_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_IMPORTER_SOURCE_H
