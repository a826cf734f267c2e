// What tests of the links' messages send: nothing but a request, and a descriptor to send along.
#ifndef HOLDFAST_TESTS_SUPPORT_LINK_SAMPLES_H
#define HOLDFAST_TESTS_SUPPORT_LINK_SAMPLES_H

#include <fcntl.h>

#include "daemon/link/messages.h"
#include "holdfast/descriptor.h"

namespace holdfast::test {

inline daemon::Message a_request() {
    daemon::Message request;
    request.id = 77;
    request.operation = daemon::Operation::list;
    return request;
}

inline Descriptor a_file() {
    return Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_LINK_SAMPLES_H
