// A request head is read or refused with a reason that has a status.
#include <cstdint>
#include <cstdlib>

#include "daemon/front/http.h"
#include "holdfast/bytes.h"

using namespace holdfast;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto head = daemon::parse_head(text_of({data, size}));
    if (head) return 0;
    const auto reply = daemon::problem_reply(head.error());
    if (reply.status < 400 || reply.status > 599) std::abort();
    return 0;
}
