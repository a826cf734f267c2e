#include <poll.h>

#include "daemon/front/front.h"

namespace holdfast::daemon {

bool AdminLane::is_waiting() const {
    std::vector<pollfd> watched;
    watched.reserve(descriptors_.size());
    for (const int descriptor : descriptors_)
        watched.push_back({.fd = descriptor, .events = POLLIN, .revents = 0});
    return ::poll(watched.data(), watched.size(), 0) > 0;
}

}  // namespace holdfast::daemon
