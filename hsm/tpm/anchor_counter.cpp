#include "hsm/tpm/anchor_counter.h"

#include <chrono>
#include <string>
#include <utility>

#include "core/crypto/digest.h"
#include "hsm/tpm/fuses.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

using namespace std::chrono_literals;

// A little less than the link's own deadline, so that an answer still arrives.
constexpr auto nv_time = 12s;
constexpr const char* record_name = "anchor-counter.json";

bool is_as_wanted(const TPMS_NV_PUBLIC& found, const TPMS_NV_PUBLIC& wanted) {
    return found.nameAlg == wanted.nameAlg && found.dataSize == wanted.dataSize &&
           found.authPolicy.size == 0 && (found.attributes & ~TPMA_NV_WRITTEN) == wanted.attributes;
}

Error differs(const AnchorReading& now, std::uint64_t to) {
    const std::string found =
        now.state == AnchorState::ready ? "is at " + std::to_string(now.value) : "is not there";
    return Error(Code::conflict,
                 "the anchor counter " + found + ", it cannot go to " + std::to_string(to))
        .because(std::string(anchor_differs));
}

}  // namespace

AnchorReading AnchorCounter::absent(std::string reason) const {
    return {.state = AnchorState::absent, .value = 0, .reason = std::move(reason)};
}

Result<AnchorCounter::Place> AnchorCounter::look() {
    const auto found = nv_public(*tpm_, index_);
    if (!found && is(found.error(), gone)) return Place::free;
    if (!found) return found.error();
    if (!is_as_wanted(*found, counter_public(index_))) return Place::taken;
    return (found->attributes & TPMA_NV_WRITTEN) != 0 ? Place::counter : Place::unwritten;
}

Result<std::optional<IndexRecord>> AnchorCounter::record() const {
    const auto text = files_->read(record_name);
    if (!text && text.error().code() == Code::not_found) return std::optional<IndexRecord>();
    if (!text) return text.error();
    HOLDFAST_TRY(found, index_record_from(record_name, *text));
    // That of another tpm.nv_base says nothing about this index.
    if (found.index != index_) return std::optional<IndexRecord>();
    return std::optional(std::move(found));
}

// With our own auth value; what that does not open, the owner may read.
Result<AnchorReading> AnchorCounter::reading() {
    HOLDFAST_TRY(own, record());
    auto value = own ? nv_value(*tpm_, {.index = index_, .auth = own->auth.view()})
                     : nv_value_by_owner(*tpm_, index_);
    const bool is_foreign = !own || (!value && is(value.error(), wrong_secret));
    if (own && is_foreign) value = nv_value_by_owner(*tpm_, index_);
    if (!value) return std::move(value).error().within("anchor counter");
    if (*value > max_anchor_value)
        return Error(Code::conflict, "the anchor counter is past what a record can hold")
            .because("anchor_too_large");
    return AnchorReading{.state = AnchorState::ready,
                         .value = *value,
                         .reason = is_foreign ? "its auth value is not in keys/: another state "
                                                "directory made it, or keys/ was wiped"
                                              : ""};
}

Result<AnchorReading> AnchorCounter::read() {
    tpm_->allow(nv_time);
    HOLDFAST_TRY(place, look());
    switch (place) {
        case Place::free: return absent("not made yet");
        case Place::unwritten: return absent("defined, but never counted");
        case Place::taken:
            return absent("NV index " + std::to_string(index_) +
                          " is in use by something else; choose another tpm.nv_base");
        case Place::counter: break;
    }
    return reading();
}

Result<AnchorReading> AnchorCounter::advance(std::uint64_t to) {
    HOLDFAST_TRY(now, read());
    if (to == 0) return now.state == AnchorState::ready ? now : begin();
    if (now.state == AnchorState::absent) return differs(now, to);
    if (now.value == to) return now;
    if (now.value + 1 != to) return differs(now, to);
    HOLDFAST_CHECK(count());
    HOLDFAST_TRY(after, reading());
    if (after.value != to) return differs(after, to);
    return after;
}

// The auth value is on disk before the chip hears of it.
Result<IndexRecord> AnchorCounter::plan() {
    HOLDFAST_TRY(own, record());
    if (own) return *std::move(own);
    IndexRecord planned;
    HOLDFAST_TRY(auth, crypto::random_bytes(fuse_auth_bytes));
    planned.index = index_;
    planned.auth = SecretBytes(std::move(auth));
    HOLDFAST_CHECK(files_->write(record_name, to_text(planned)));
    return planned;
}

Done AnchorCounter::define() {
    HOLDFAST_TRY(planned, plan());
    return nv_define(*tpm_, counter_public(index_), planned.auth.view());
}

Result<AnchorReading> AnchorCounter::begin() {
    HOLDFAST_TRY(place, look());
    if (place == Place::taken) return read();
    const Done defined = place == Place::free ? define() : done();
    if (!defined && is(defined.error(), nv_full))
        return absent(std::string(nv_full) + ": the TPM has no room for another counter");
    HOLDFAST_CHECK(defined);
    HOLDFAST_CHECK(count());
    return reading();
}

Done AnchorCounter::count() {
    HOLDFAST_TRY(own, record());
    if (!own) return nv_increment_by_owner(*tpm_, index_);
    auto counted = nv_increment(*tpm_, {.index = index_, .auth = own->auth.view()});
    if (counted || !is(counted.error(), wrong_secret)) return counted;
    return nv_increment_by_owner(*tpm_, index_);
}

}  // namespace holdfast::hsm
