#include "daemon/workers/measurer.h"

#include "attest/manifest/signed_manifest.h"
#include "attest/measure/process.h"
#include "attest/store/store.h"

namespace holdfast::daemon {
namespace {

Result<Reply> measure(const Message& request, const MeasurerRules& rules) {
    if (request.descriptors.size() != 1)
        return Error(Code::invalid, "measurer: a process without its pidfd");
    HOLDFAST_TRY(asked, decode_measure(request.payload));
    const attest::MeasureRules how{asked.uid, rules.allow_writable_executables};
    const int pidfd = request.descriptors.front().get();
    HOLDFAST_TRY(view, attest::measure_process(asked.pid, pidfd, how));
    return encode(std::move(view));
}

// Whose signature counts was decided at the launch: here the digest says which manifest is meant.
Result<Reply> check_view(const Message& request, const MeasurerRules& rules) {
    HOLDFAST_TRY(digest, decode_digest(request.payload));
    HOLDFAST_TRY(store, attest::Store::open(rules.store, 0));
    HOLDFAST_TRY(envelope, store.envelope(digest));
    HOLDFAST_TRY(manifest, attest::read_manifest_unverified(envelope));
    if (manifest.digest != digest)
        return Error(Code::denied, "the store has another manifest under that digest")
            .because("store_changed");
    HOLDFAST_CHECK(store.open_view(manifest));
    return Reply{};
}

}  // namespace

Result<Reply> answer_measurer(const Message& request, const MeasurerRules& rules) {
    switch (request.operation) {
        case Operation::measure: return measure(request, rules);
        case Operation::check_view: return check_view(request, rules);
        default: return Error(Code::invalid, "measurer: unknown request");
    }
}

}  // namespace holdfast::daemon
