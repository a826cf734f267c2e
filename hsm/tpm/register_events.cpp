// The register at work: events, and what evidence says of it. How it begins is in register.cpp.
#include <algorithm>
#include <ctime>
#include <utility>
#include <variant>

#include "core/tpm2/structures.h"
#include "hsm/tpm/attest_commands.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/register.h"

namespace holdfast::hsm {
namespace {

using namespace std::chrono_literals;

constexpr auto nv_time = 12s;
// Nobody suspends for less; the two clocks are read one after the other.
constexpr auto noticed_sleep = 500ms;

std::chrono::milliseconds time_of(clockid_t clock) {
    timespec now{};
    (void)::clock_gettime(clock, &now);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

bool holds(const Attested& certified, const Sha256& value) {
    const auto statement = tpm2::read_attest(certified.attest);
    if (!statement) return false;
    const auto* nv = std::get_if<tpm2::NvCertifyInfo>(&statement->what);
    return nv != nullptr && std::ranges::equal(nv->contents, value);
}

}  // namespace

std::chrono::milliseconds slept_so_far() {
    return time_of(CLOCK_BOOTTIME) - time_of(CLOCK_MONOTONIC);
}

// Out of hibernation a TPM starts anew under a process that went on (a TPM Restart). A password
// binds no Name, so an extend alone would not notice.
Done Register::notice_sleep() {
    if (!try_again_ && slept_() - slept_then_ < noticed_sleep) return done();
    return open();
}

// ── events ──────────────────────────────────────────────────────────────────────────────────────

Done Register::usable() const {
    if (state_ == RegisterState::ready) return done();
    if (state_ == RegisterState::absent)
        return Error(Code::unavailable, "register: " + reason_, Retry::later)
            .because("register_absent");
    return Error(Code::conflict, "register: broken until the next boot: " + reason_)
        .because("register_broken");
}

Result<RegisterPosition> Register::extend(std::string_view content) {
    tpm_->allow(nv_time);
    HOLDFAST_CHECK(attest::check_event(content));
    HOLDFAST_CHECK(notice_sleep());
    if (state_ == RegisterState::ready) HOLDFAST_CHECK(settle());
    HOLDFAST_CHECK(usable());
    HOLDFAST_CHECK(attest::check_room(events_, log_->text().size(), content));
    HOLDFAST_TRY(record, attest::make_cel_record(events_, attest::CelPlace::nv_index, index_,
                                                 std::string(content)));
    HOLDFAST_CHECK(log_->append(attest::to_cel_line(record)));
    ++events_;
    advance(record.digest);
    unsettled_ = true;
    HOLDFAST_CHECK(extend_last());
    return RegisterPosition{events_};
}

RegisterStatus Register::status() const {
    RegisterStatus status{.state = state_,
                          .events = events_,
                          .bytes = log_ ? log_->text().size() : 0,
                          .nv_index = index_,
                          .anchor_pcr = pcr_,
                          .reason = reason_};
    if (state_ == RegisterState::absent)
        status.events = status.bytes = status.nv_index = status.anchor_pcr = 0;
    return status;
}

RegisterEvidence Register::shown(Attested certified) const {
    return RegisterEvidence{.nv_public = record_.nv_public,
                            .certified = std::move(certified),
                            .log = log_ ? log_->text() : "",
                            .anchor_pcr = pcr_};
}

Result<Attested> Register::certify(ESYS_TR ak, const Sha256& challenge) {
    if (!open_index_) return in_use().because(std::string(gone));
    return certify_nv(*tpm_, ak, *open_index_, sizeof(Sha256), challenge);
}

Result<std::optional<RegisterEvidence>> Register::certified(ESYS_TR ak, const Sha256& challenge) {
    const std::uint64_t anchored = anchored_;
    HOLDFAST_CHECK(notice_sleep());
    if (state_ == RegisterState::ready) HOLDFAST_CHECK(settle());
    if (state_ == RegisterState::absent) return std::optional<RegisterEvidence>();
    auto statement = certify(ak, challenge);
    if (!statement && !is_replaced(statement.error())) return std::move(statement).error();
    const bool as_logged = statement && holds(*statement, value_);
    if (state_ == RegisterState::ready && !as_logged) HOLDFAST_CHECK(open());
    if (anchored_ != anchored || (state_ == RegisterState::ready && !as_logged))
        return Error(Code::unavailable, "the TPM was started anew: ask again", Retry::later)
            .because(std::string(register_anew));
    return std::optional(shown(statement ? *std::move(statement) : Attested()));
}

}  // namespace holdfast::hsm
