#include "daemon/workers/measurer.h"

#include "attest/measure/process.h"

namespace holdfast::daemon {

Result<Reply> measure_for(const Message& request, bool allow_writable_executables) {
    if (request.operation != Operation::measure || request.descriptors.size() != 1)
        return Error(Code::invalid, "measurer: unknown request");
    HOLDFAST_TRY(asked, decode_measure(request.payload));
    const attest::MeasureRules rules{asked.uid, allow_writable_executables};
    const int pidfd = request.descriptors.front().get();
    HOLDFAST_TRY(view, attest::measure_process(asked.pid, pidfd, rules));
    return encode(std::move(view));
}

}  // namespace holdfast::daemon
