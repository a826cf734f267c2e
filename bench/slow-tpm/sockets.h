// Unix sockets, non-blocking, as slow-tpm uses them.
#ifndef HOLDFAST_BENCH_SLOW_TPM_SOCKETS_H
#define HOLDFAST_BENCH_SLOW_TPM_SOCKETS_H

#include <cstddef>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::bench {

// Replaces a socket that was left there; only its owner may connect.
Result<Descriptor> listen_at(const std::string& path);
// Empty when nobody listens there or its queue is full.
Descriptor connect_to(const std::string& path) noexcept;
Descriptor accept_from(const Descriptor& listener) noexcept;

// Appends what is there, `most` bytes in all at most. False at the end of the stream or an error.
bool receive_some(const Descriptor& socket, Bytes& into, std::size_t most);
// Takes what was sent off the front of `pending`. False when the other side is gone.
bool send_some(const Descriptor& socket, Bytes& pending);

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_SOCKETS_H
