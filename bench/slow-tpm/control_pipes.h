// ControlPipes: swtpm's control channel, passed through byte by byte. Descriptors sent along with
// messages are not passed (swtpm's TCTI and swtpm_ioctl send none).
#ifndef HOLDFAST_BENCH_SLOW_TPM_CONTROL_PIPES_H
#define HOLDFAST_BENCH_SLOW_TPM_CONTROL_PIPES_H

#include <poll.h>

#include <cstddef>
#include <list>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/descriptor.h"

namespace holdfast::bench {

class ControlPipes {
  public:
    explicit ControlPipes(std::string to) : to_(std::move(to)) {}

    std::size_t size() const noexcept { return pipes_.size(); }
    // Closed at once when swtpm does not listen.
    void add(Descriptor client);
    // Two entries a pipe; `served` must be the very entries, after poll.
    void watch(std::vector<::pollfd>& watched) const;
    void serve(std::span<const ::pollfd> served);

  private:
    struct Pipe {
        Descriptor client, chip;
        Bytes down, up;  // read from one side, not yet taken by the other
    };
    static bool serve(Pipe& pipe, short client_ready, short chip_ready);

    std::string to_;
    std::list<Pipe> pipes_;
};

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_SLOW_TPM_CONTROL_PIPES_H
