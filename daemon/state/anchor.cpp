#include "daemon/state/anchor.h"

#include <utility>

#include "daemon/log.h"
#include "daemon/state/last_anchor.h"

namespace holdfast::daemon {
namespace {

constexpr std::string_view differs_reason = "anchor_differs";
constexpr const char* by_daemon = "daemon";

// A worker that answers everybody with what an operator must mend says it better than we can.
std::string reason_of(const Error& trouble) {
    const bool is_away = trouble.reason().empty() || trouble.reason() == "keys_unavailable" ||
                         trouble.reason() == "too_many_requests";
    return is_away ? "anchor_unread" : trouble.reason();
}

Error not_read(const Error& why) {
    return Error(Code::unavailable, "the TPM's anchor counter is not read yet: " + why.text(),
                 Retry::later)
        .because(reason_of(why));
}

}  // namespace

std::string_view to_string(AnchorPhase phase) noexcept {
    switch (phase) {
        case AnchorPhase::unread: return "unread";
        case AnchorPhase::absent: return "absent";
        case AnchorPhase::ready: return "ready";
        case AnchorPhase::differs: break;
    }
    return "differs";
}

Anchor::Anchor(const boost::asio::any_io_executor& loop, Keys& keys, Ledger& ledger,
               std::uint64_t recorded)
    : loop_(loop),
      keys_(keys),
      ledger_(ledger),
      turns_(loop),
      recorded_(recorded),
      trouble_(not_read(Error(Code::unavailable, "it was not asked for"))) {}

// ── how it stands ───────────────────────────────────────────────────────────────────────────────

Done Anchor::holds() const {
    if (phase_ == AnchorPhase::ready || phase_ == AnchorPhase::absent) return done();
    if (phase_ == AnchorPhase::unread) return trouble_;
    return Error(Code::unavailable, "signing is off: " + explained())
        .because(std::string(differs_reason));
}

std::string Anchor::explained() const {
    const std::string at = std::to_string(counter_);
    const std::string last = std::to_string(recorded_);
    if (counter_ == 0)
        return "the ledger's last anchor is " + last +
               ", but there is no anchor counter: it was removed, or this is another TPM (" +
               chip_says_ + ")";
    if (recorded_ == 0)
        return "this TPM's anchor counter is at " + at +
               ", but this ledger records no anchor: a new state directory on a used TPM, or an "
               "emptied one";
    if (counter_ > recorded_)
        return "this state directory is older than this TPM knows (its last anchor is " + last +
               ", the counter is at " + at + "), or the counter was made anew";
    return "this TPM's anchor counter is at " + at + ", behind this ledger's last anchor " + last +
           ": another TPM, or one that was itself restored";
}

AnchorView Anchor::view() const {
    AnchorView view{phase_, counter_, recorded_, chip_says_};
    if (phase_ == AnchorPhase::unread) view.reason = trouble_.text();
    if (phase_ == AnchorPhase::differs) view.reason = explained();
    return view;
}

bool Anchor::unfinished() const noexcept {
    if (phase_ == AnchorPhase::unread) return true;
    return phase_ == AnchorPhase::ready && (recorded_ > counter_ || !started_);
}

bool Anchor::is_current() const {
    return last_index_ && ledger_.next_index() == *last_index_ + 1;
}

encode::Json::Object Anchor::members_of(std::string why, std::string by) {
    encode::Json::Object members;
    members["why"] = std::move(why);
    members["by"] = std::move(by);
    return members;
}

void Anchor::note(const AnchorReading& reading) {
    counter_ = reading.value;
    chip_says_ = reading.reason;
}

// ── ledger and chip ─────────────────────────────────────────────────────────────────────────────

// A host without a TPM answers too: there is no counter.
Async<std::monostate> Anchor::ask() {
    auto reading = co_await keys_.read_anchor();
    has_tpm_ = reading || reading.error().reason() != "no_tpm";
    if (!has_tpm_) reading = AnchorReading{AnchorState::absent, 0, reading.error().text()};
    HOLDFAST_CO_CHECK(reading);
    note(*reading);
    co_return done();
}

Async<std::monostate> Anchor::record(std::uint64_t value, encode::Json::Object members) {
    if (value > max_anchor_value)
        co_return Error(Code::conflict, "the anchor counter is past what a record can hold");
    members["value"] = static_cast<std::int64_t>(value);
    HOLDFAST_CO_TRY(index, co_await ledger_.append(anchor_type, std::move(members)));
    recorded_ = value;
    last_index_ = index;
    co_return done();
}

// To the last record's value. A counter that is elsewhere was moved beside us.
Async<std::monostate> Anchor::count() {
    auto counted = co_await keys_.advance_anchor(recorded_);
    if (counted) {
        note(*counted);
        co_return done();
    }
    if (counted.error().reason() != differs_reason) co_return std::move(counted).error();
    phase_ = AnchorPhase::differs;
    (void)co_await ask();
    log_error("anchor counter: " + explained());
    co_return holds();
}

Async<std::monostate> Anchor::finish() {
    if (recorded_ == counter_) co_return done();
    co_return co_await count();
}

// The record first, so that a crash in between leaves the counter one behind it. What an earlier
// step left is completed before: never two behind.
Async<std::uint64_t> Anchor::step(encode::Json::Object members) {
    HOLDFAST_CO_CHECK(holds());
    if (phase_ == AnchorPhase::absent) co_return std::uint64_t{0};
    HOLDFAST_CO_CHECK(co_await finish());
    HOLDFAST_CO_CHECK(co_await record(recorded_ + 1, std::move(members)));
    HOLDFAST_CO_CHECK(co_await count());
    co_return recorded_;
}

Async<std::monostate> Anchor::make() {
    HOLDFAST_CO_TRY(made, co_await keys_.advance_anchor(0));
    note(made);
    co_return done();
}

// The chip first: which value it begins at is known to nobody before.
Async<std::monostate> Anchor::begin() {
    beginning_ = has_tpm_;
    if (has_tpm_) HOLDFAST_CO_CHECK(co_await make());
    const bool is_there = counter_ != 0;
    auto members = members_of("begin", by_daemon);
    if (is_there) HOLDFAST_CO_CHECK(co_await record(counter_, std::move(members)));
    beginning_ = false;
    phase_ = is_there ? AnchorPhase::ready : AnchorPhase::absent;
    co_return done();
}

// ── at start ────────────────────────────────────────────────────────────────────────────────────

Async<std::monostate> Anchor::settle() {
    const auto turn = co_await turns_.take();
    if (phase_ == AnchorPhase::unread) {
        auto compared = co_await compare();
        if (!compared) {
            trouble_ = not_read(compared.error());
            co_return compared;
        }
        if (phase_ == AnchorPhase::differs) log_error("ANCHOR DIFFERS, " + holds().error().text());
    }
    if (phase_ != AnchorPhase::ready) co_return done();
    HOLDFAST_CO_CHECK(co_await finish());
    if (std::exchange(started_, true) || is_current()) co_return done();
    auto members = members_of("start", by_daemon);
    HOLDFAST_CO_TRY(value, co_await step(std::move(members)));
    (void)value;
    co_return done();
}

Async<std::monostate> Anchor::compare() {
    HOLDFAST_CO_CHECK(co_await ask());
    // Neither knows of the other: the beginning, or ours from a moment ago whose answer was lost.
    const bool is_new = recorded_ == 0 && (counter_ == 0 || beginning_);
    if (is_new) co_return co_await begin();
    const bool is_known = recorded_ != 0 && counter_ != 0;
    const bool agrees = is_known && (counter_ == recorded_ || counter_ + 1 == recorded_);
    phase_ = agrees ? AnchorPhase::ready : AnchorPhase::differs;
    co_return done();
}

boost::asio::awaitable<void> Anchor::settled() {
    while (phase_ == AnchorPhase::unread && turns_.is_taken())
        co_await turns_.ended();
}

}  // namespace holdfast::daemon
