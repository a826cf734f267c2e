// Sealed memory: bytes too large for a message, handed on so that nobody can change them any more.
#ifndef HOLDFAST_DAEMON_SEALED_H
#define HOLDFAST_DAEMON_SEALED_H

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// A memfd that can be neither written, grown nor shrunk (memfd_create(2), fcntl(2) F_ADD_SEALS).
Result<Descriptor> seal(ByteView bytes, const char* name);

// invalid when the descriptor is not sealed like that, or holds more than max_bytes.
Result<Bytes> read_sealed(int descriptor, std::size_t max_bytes);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SEALED_H
