#include "hsm/tpm/register.h"

#include <algorithm>
#include <utility>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/tpm2/structures.h"
#include "hsm/tpm/marshal.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

constexpr const char* record_name = "register.json";
constexpr std::size_t auth_bytes = 32;

bool is_as_wanted(const TPMS_NV_PUBLIC& found, const TPMS_NV_PUBLIC& wanted) {
    return found.nameAlg == wanted.nameAlg && found.dataSize == wanted.dataSize &&
           found.authPolicy.size == 0 && (found.attributes & ~TPMA_NV_WRITTEN) == wanted.attributes;
}

// Somebody else has the index, or all the room: asking again soon is of no use.
bool is_lasting(const Error& error) noexcept {
    return error.code() == Code::conflict || is(error, nv_full);
}

Result<Bytes> name_in(const IndexRecord& record) {
    HOLDFAST_TRY(area, tpm2::read_nv_public(record.nv_public));
    return std::move(area.name);
}

}  // namespace

// ── what is there ───────────────────────────────────────────────────────────────────────────────

Done Register::open() {
    slept_then_ = slept_();
    open_index_.reset();
    log_.reset();
    events_ = 0;
    unsettled_ = false;
    auto found = find();
    if (found || is(found.error(), connection_lost)) return found;
    return absent(found.error());
}

Done Register::absent(const Error& why) {
    state_ = RegisterState::absent;
    try_again_ = !is_lasting(why);
    reason_ = why.text();
    return done();
}

Done Register::broken(std::string why) {
    state_ = RegisterState::broken;
    try_again_ = false;
    reason_ = std::move(why);
    const std::string_view text = log_ ? std::string_view(log_->text()) : "";
    events_ = static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    return done();
}

// The auth value is on disk before the chip hears of it.
Result<IndexRecord> Register::read_or_plan() {
    auto text = files_->read(record_name);
    if (text) return index_record_from(record_name, *text);
    if (text.error().code() != Code::not_found) return std::move(text).error();
    IndexRecord record;
    HOLDFAST_TRY(auth, crypto::random_bytes(auth_bytes));
    record.index = index_;
    record.auth = SecretBytes(std::move(auth));
    HOLDFAST_CHECK(files_->write(record_name, to_text(record)));
    return record;
}

Done Register::find() {
    HOLDFAST_TRY(record, read_or_plan());
    HOLDFAST_TRY(starts, read_starts(*tpm_));
    HOLDFAST_TRY(log, BootLog::latest(*files_));
    record_ = std::move(record);
    log_ = std::move(log);
    auto defined = define();
    if (!defined && !is_lasting(defined.error())) return defined;
    return look(starts, std::move(defined));
}

// Somebody with owner auth may have removed it: it is defined again, and look() finds it empty.
Done Register::define() {
    const TPMS_NV_PUBLIC wanted = register_public(index_);
    const auto found = nv_public(*tpm_, index_);
    if (!found && !is(found.error(), gone)) return found.error();
    if (!found) HOLDFAST_CHECK(nv_define(*tpm_, wanted, record_.auth.view()));
    if (found && !is_as_wanted(*found, wanted)) return in_use();
    HOLDFAST_TRY(opened, nv_open(*tpm_, {.index = index_, .auth = record_.auth.view()}));
    open_index_.emplace(std::move(opened));
    return done();
}

Error Register::in_use() const {
    return Error(Code::conflict, "NV index " + std::to_string(index_) +
                                     " is in use by something else; choose another tpm.nv_base");
}

// ── which boot this is ──────────────────────────────────────────────────────────────────────────

Done Register::look(const Starts& starts, Done defined) {
    auto log = log_ ? attest::read_register_log(log_->text())
                    : Result<attest::RegisterLog>(Error(Code::not_found, "there is no log"));
    const bool of_this_boot = log && log->anchor.reset_count == starts.reset_count;
    // A changed setting is for the next boot: this one is anchored where it is.
    pcr_ = of_this_boot ? log->pcr : anchor_pcr_;
    HOLDFAST_TRY(pcrs, read_pcrs(*tpm_, pcr_bit(pcr_)));
    const Sha256& held = pcrs.at(pcr_);
    if (held == Sha256{}) return defined ? anchor(starts) : std::move(defined);
    if (of_this_boot && !defined) return broken(defined.error().text());
    if (of_this_boot) return follow(*log, held);
    return broken("PCR " + std::to_string(pcr_) + " was extended in this boot, but not for a log " +
                  (log ? "of it" : "that reads: " + log.error().text()));
}

// A crash before the PCR is extended leaves it zero, and all of this is done again: nothing was
// logged under an anchor that is not in the PCR.
Done Register::anchor(const Starts& starts) {
    // Whoever knew these bytes could begin the register again; the extend wipes its own copy.
    HOLDFAST_TRY(random, crypto::random_bytes(sizeof(Sha256)));
    const SecretBytes noise(std::move(random));
    const auto begun = nv_extend(*tpm_, *open_index_, noise.view());
    if (!begun && is(begun.error(), wrong_secret)) return in_use();
    HOLDFAST_CHECK(begun);
    HOLDFAST_CHECK(note_public());
    HOLDFAST_TRY(name, name_in(record_));
    HOLDFAST_TRY(first, value());
    const attest::Anchor anchor{.name = std::move(name),
                                .value = first,
                                .reset_count = starts.reset_count,
                                .restart_count = starts.restart_count};
    HOLDFAST_TRY(record, attest::make_cel_record(0, attest::CelPlace::pcr, pcr_,
                                                 attest::to_content(anchor)));
    HOLDFAST_TRY(log, BootLog::begin(*files_, starts, attest::to_cel_line(record)));
    HOLDFAST_CHECK(pcr_extend(*tpm_, pcr_, record.digest));
    log_.emplace(std::move(log));
    events_ = 1;
    value_ = first;
    ++anchored_;
    return ready();
}

Done Register::ready() {
    state_ = RegisterState::ready;
    try_again_ = false;
    reason_.clear();
    unsettled_ = false;
    return done();
}

// The first extend set WRITTEN, which is part of the Name.
Done Register::note_public() {
    HOLDFAST_TRY(found, nv_public(*tpm_, *open_index_));
    HOLDFAST_TRY(bytes, marshalled<::Tss2_MU_TPMS_NV_PUBLIC_Marshal>(found));
    if (record_.stage == Stage::ready && record_.nv_public == bytes) return done();
    record_.nv_public = std::move(bytes);
    record_.stage = Stage::ready;
    return files_->write(record_name, to_text(record_));
}

// ── does the register hold what the log says? ───────────────────────────────────────────────────

Done Register::follow(const attest::RegisterLog& log, const Sha256& pcr_value) {
    if (pcr_value != log.anchored_pcr())
        return broken("PCR " + std::to_string(pcr_) + " does not hold the log's anchor");
    const auto name = name_in(record_);
    if (!name || *name != log.anchor.name) return broken("the log is of another register");
    events_ = log.records.size();
    value_ = log.anchor.value;
    for (const attest::CelRecord& event : log.events())
        advance(event.digest);
    return compare();
}

Done Register::compare() {
    const auto held = value();
    if (!held && !is_replaced(held.error())) return held.error();
    if (!held) return broken("it cannot be read: " + held.error().text());
    return settle_from(*held);
}

void Register::advance(const Sha256& digest) {
    before_last_ = value_;
    last_ = digest;
    value_ = attest::extended(value_, digest);
}

Done Register::settle_from(const Sha256& held) {
    if (held == value_) return ready();
    if (events_ > 1 && held == before_last_) return extend_last();
    return broken("the TPM holds " + encode::hex(held) + ", the log's " + std::to_string(events_) +
                  " events make " + encode::hex(value_));
}

Done Register::extend_last() {
    HOLDFAST_CHECK(nv_extend(*tpm_, *open_index_, last_));
    return ready();
}

// After an extend whose outcome is unknown.
Done Register::settle() {
    return unsettled_ ? compare() : done();
}

Result<Sha256> Register::value() {
    HOLDFAST_TRY(bytes, nv_bytes(*tpm_, *open_index_, sizeof(Sha256)));
    Sha256 held{};
    std::ranges::copy(bytes, held.begin());
    return held;
}

}  // namespace holdfast::hsm
