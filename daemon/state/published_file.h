// PublishedFile: a file for others to fetch, replaced whole, beside the event loop.
#ifndef HOLDFAST_DAEMON_STATE_PUBLISHED_FILE_H
#define HOLDFAST_DAEMON_STATE_PUBLISHED_FILE_H

#include <boost/asio/any_io_executor.hpp>

#include <string>

#include "daemon/link/async.h"
#include "daemon/state/off_loop.h"
#include "holdfast/bytes.h"

namespace holdfast::daemon {

// Blocking. Mode 0644; whoever reads sees the old file or the new one, also after a power cut.
// unavailable, in words: where it lies cannot be written.
Done replace_file(const std::string& path, ByteView content);

// Event loop only. One write at a time, in the order in which they were asked for; a disk that
// hangs holds up nothing but these.
class PublishedFile {
  public:
    PublishedFile(boost::asio::any_io_executor loop, std::string path);
    Async<std::monostate> write(Bytes content);

  private:
    std::string path_;
    OffLoop writing_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_PUBLISHED_FILE_H
