#include "daemon/link/linked_measurer.h"

#include <fcntl.h>

#include <utility>

namespace holdfast::daemon {

Async<attest::ProcessView> LinkedMeasurer::measure(pid_t pid, int pidfd, uid_t uid) {
    std::vector<Descriptor> descriptors;
    descriptors.emplace_back(::fcntl(pidfd, F_DUPFD_CLOEXEC, 0));
    if (!descriptors.front())
        co_return Error(Code::busy, "no descriptor left", Retry::later)
            .because("too_many_requests");
    const MeasureRequest request{pid, uid};
    Errand errand{Operation::measure, encode(request), std::move(descriptors), std::to_string(uid)};
    HOLDFAST_CO_TRY(reply, co_await link_.call(std::move(errand)));
    co_return decode_view(std::move(reply));
}

Async<std::monostate> LinkedMeasurer::check_view(Sha256 manifest) {
    Errand errand{Operation::check_view, encode_digest(manifest), {}, ""};
    HOLDFAST_CO_TRY(reply, co_await link_.call(std::move(errand)));
    co_return PayloadReader(reply.body).finish();
}

}  // namespace holdfast::daemon
