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
std::uint64_t RevocationList::next_number() {
    const std::uint64_t last = std::max(number_, noted_number(registry_));
    number_ = std::max(last + 1, static_cast<std::uint64_t>(std::max<std::int64_t>(now_(), 0)));
    const Done noted = registry_.set_note(number_note, std::to_string(number_));
    if (!noted) log_warning("CRL number: " + noted.error().text());
    return number_;
}

Async<std::monostate> RevocationList::make(Entries wanted) {
    HOLDFAST_CO_TRY(host, co_await keys_.host());
    if (host.ca_certificate.empty())
        co_return Error(Code::unavailable, "the host's CA has no certificate: its fuse is blown")
            .because("no_ca");
    const std::int64_t now = now_();
    crypto::CrlRequest request{std::move(host.ca_certificate), next_number(),
                               now - crypto::clock_skew, now + crl_lifetime, wanted};
    HOLDFAST_CO_TRY(tbs, crypto::crl_tbs(request));
    std::string ca_key = host.ca.id;
    Bytes preimage = tbs;
    auto signing = keys_.sign(std::move(ca_key), std::move(preimage));
    HOLDFAST_CO_TRY(signature, co_await std::move(signing));
    HOLDFAST_CO_TRY(list, crypto::assemble_crl(tbs, signature));
    list_ = std::move(list);
    entries_ = std::move(wanted);
    made_at_ = now;
    co_return done();
}

Async<Bytes> RevocationList::current() {
    const auto turn = co_await turns_.take();
    Entries wanted = dated(collect_());
    if (is_good(wanted)) {
        failed_ = false;
        co_return list_;
    }
    const Done made = co_await make(std::move(wanted));
    no_ca_ = !made && made.error().reason() == "no_ca";
    failed_ = !made && !no_ca_;
    if (!made) co_return Error(made.error()).within("revocation list");
    co_return list_;
}

Async<std::monostate> RevocationList::publish() {
    // Nobody was ever told otherwise.
    if (!file_ && list_.empty() && collect_().empty()) co_return done();
    HOLDFAST_CO_TRY(list, co_await current());
    if (!file_ || list == in_file_) co_return done();
    Bytes content = list;
    HOLDFAST_CO_CHECK(co_await file_->write(std::move(content)));
    in_file_ = std::move(list);
    co_return done();
}

bool RevocationList::is_due() const {
    // A blown host fuse stays blown: there will be no other list.
    if (failed_ || no_ca_) return failed_;
    // Without a file nobody waits for the first one.
    if (list_.empty()) return file_.has_value();
    return dated(collect_()) != entries_ || (file_ && in_file_ != list_);
}

}  // namespace holdfast::daemon
