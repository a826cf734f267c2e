#include "daemon/state/revocation_list.h"

#include <algorithm>
#include <charconv>

#include "core/crypto/svid.h"
#include "daemon/log.h"

namespace holdfast::daemon {
namespace {

constexpr std::string_view number_note = "crl_number";

std::uint64_t noted_number(const Registry& registry) {
    const std::string text = registry.note(number_note).value_or("0");
    std::uint64_t number = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

}  // namespace

Error no_ca() {
    return Error(Code::unavailable, "the host's CA has no certificate: its fuse is blown")
        .because("no_ca");
}

RevocationList::RevocationList(const boost::asio::any_io_executor& loop, Keys& keys,
                               Registry& registry, const std::string& path, Now now,
                               Collect collect)
    : keys_(keys),
      registry_(registry),
      now_(std::move(now)),
      collect_(std::move(collect)),
      turns_(loop) {
    if (!path.empty()) file_.emplace(loop, path);
}

// What is over may leave the list: nobody takes such a certificate any more.
Result<RevocationList::Entries> RevocationList::wanted() const {
    HOLDFAST_TRY(revoked, collect_());
    if (revoked.size() > crypto::max_crl_entries)
        std::erase_if(revoked, [](const Revocation& each) { return each.is_over; });
    return dated(std::move(revoked));
}

// Each with the date it had on the list before, so that a list that says the same is the same.
RevocationList::Entries RevocationList::dated(std::vector<Revocation> wanted) const {
    Entries entries;
    const std::int64_t now = now_();
    for (Revocation& each : wanted) {
        const auto before = std::ranges::lower_bound(entries_, each.serial, {},
                                                     &crypto::RevokedCertificate::serial);
        const bool is_listed = before != entries_.end() && before->serial == each.serial &&
                               before->reason == each.reason;
        const std::int64_t since = each.since.value_or(is_listed ? before->since : now);
        entries.push_back({std::move(each.serial), since, each.reason});
    }
    std::ranges::sort(entries, {}, &crypto::RevokedCertificate::serial);
    return entries;
}

bool RevocationList::is_good(const Entries& wanted) const {
    const std::int64_t age = now_() - made_at_;
    return !list_.empty() && wanted == entries_ && age >= 0 && age < crl_lifetime / 2;
}

// Above every earlier one, also where the registry was restored or could not be written: then the
// clock is ahead of what it lost.
std::uint64_t RevocationList::next_number() const {
    const std::uint64_t last = std::max(number_, noted_number(registry_));
    const auto time = static_cast<std::uint64_t>(std::max<std::int64_t>(now_(), 0));
    return last < time ? time : last + std::uint64_t{last != UINT64_MAX};
}

void RevocationList::note_number(std::uint64_t number) {
    number_ = number;
    const Done noted = registry_.set_note(number_note, std::to_string(number));
    if (!noted) log_warning("CRL number: " + noted.error().text());
}

Async<std::monostate> RevocationList::make(Entries wanted) {
    if (no_ca_) co_return no_ca();
    if (wanted.size() > crypto::max_crl_entries)
        co_return Error(Code::unavailable, std::to_string(wanted.size()) +
                                               " certificates, and a list holds " +
                                               std::to_string(crypto::max_crl_entries))
            .because("crl_too_long");
    HOLDFAST_CO_TRY(host, co_await keys_.host());
    if (host.ca_certificate.empty()) {
        no_ca_ = true;
        co_return no_ca();
    }
    const std::int64_t now = now_();
    const std::uint64_t number = next_number();
    crypto::CrlRequest request{std::move(host.ca_certificate), number, now - crypto::clock_skew,
                               now + crl_lifetime, wanted};
    HOLDFAST_CO_TRY(tbs, crypto::crl_tbs(request));
    std::string ca_key = host.ca.id;
    Bytes preimage = tbs;
    auto signing = keys_.sign(std::move(ca_key), std::move(preimage));
    HOLDFAST_CO_TRY(signature, co_await std::move(signing));
    HOLDFAST_CO_TRY(list, crypto::assemble_crl(tbs, signature));
    // Before anybody has it.
    note_number(number);
    list_ = std::move(list);
    entries_ = std::move(wanted);
    made_at_ = now;
    co_return done();
}

Error RevocationList::failed(Error error) {
    Error said = std::move(error).within("revocation list");
    failure_ = said;
    failed_at_ = now_();
    return said;
}

Async<Bytes> RevocationList::current() {
    const auto turn = co_await turns_.take();
    auto entries = wanted();
    if (!entries) co_return failed(std::move(entries).error());
    if (!is_good(*entries)) {
        auto making = make(*std::move(entries));
        Done made = co_await std::move(making);
        if (!made) co_return failed(std::move(made).error());
    }
    failure_.reset();
    co_return list_;
}

Async<Bytes> RevocationList::shown() {
    const std::int64_t ago = now_() - failed_at_;
    if (failure_ && ago >= 0 && ago < crl_pause) co_return Error(*failure_);
    co_return co_await current();
}

Async<std::monostate> RevocationList::publish() {
    // Nobody was ever told otherwise.
    HOLDFAST_CO_TRY(entries, wanted());
    if (!file_ && list_.empty() && entries.empty()) co_return done();
    HOLDFAST_CO_TRY(list, co_await current());
    if (!file_ || list == in_file_) co_return done();
    Bytes content = list;
    HOLDFAST_CO_CHECK(co_await file_->write(std::move(content)));
    in_file_ = std::move(list);
    co_return done();
}

RevocationList::Standing RevocationList::standing() const {
    const auto entries = wanted();
    if (!entries) return Standing::unknown;
    const bool is_listed = !list_.empty() && *entries == entries_;
    if (!is_listed && no_ca_) return Standing::no_ca;
    // Without a file nobody waits for the first one.
    if (list_.empty() && !file_ && !failure_) return Standing::told;
    if (!is_listed) return Standing::due;
    return file_ && in_file_ != list_ ? Standing::due : Standing::told;
}

std::optional<std::int64_t> RevocationList::renews_in() const {
    if (list_.empty()) return std::nullopt;
    return std::max<std::int64_t>(made_at_ + crl_lifetime / 2 - now_(), 0);
}

}  // namespace holdfast::daemon
