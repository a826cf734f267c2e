#include "daemon/state/credentials.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>

#include "core/encode/base64.h"

namespace holdfast::daemon {

namespace {

encode::Json::Object record_of(const CredentialRequest& request, const std::string& key,
                               const IssuedCredential& issued) {
    return {
        {"agent", request.agent},
        {"assurance", to_string(request.measurement.assurance)},
        {"instance", request.instance},
        {"key", key},
        {"measurement", encode::hex(request.measurement.digest)},
        {"not_after", issued.not_after},
        {"serial", issued.serial},
        {"spiffe_id", issued.spiffe_id},
    };
}

// The issuer is out of reach for now; half a life is left to reach it.
bool passes(const Error& error) {
    return error.code() == Code::unavailable || error.code() == Code::busy ||
           error.code() == Code::timeout;
}

}  // namespace

struct Credentials::Issue {
    explicit Issue(const boost::asio::any_io_executor& loop) : over(loop) {}
    // Closed when `outcome` is there: wakes all who wait.
    boost::asio::experimental::channel<void(boost::system::error_code)> over;
    std::optional<Result<IssuedCredential>> outcome;
};

const IssuedCredential* Credentials::find(const What& what) const {
    const auto found = credentials_.find(what);
    return found == credentials_.end() ? nullptr : &found->second;
}

Async<IssuedCredential> Credentials::current(CredentialRequest request) {
    const What what(request.agent, request.key->id + " " + encode::hex(request.measurement.digest));
    const IssuedCredential* known = find(what);
    if (known != nullptr && now_() < known->renew_after) co_return *known;

    const auto under_way = under_way_.find(what);
    if (under_way == under_way_.end()) co_return co_await begin(std::move(request), what);
    const std::shared_ptr<Issue> issue = under_way->second;
    constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    (void)co_await issue->over.async_receive(token);
    if (issue->outcome) co_return *issue->outcome;
    co_return Error(Code::unavailable, "credential: the wait for it ended early", Retry::later);
}

Async<IssuedCredential> Credentials::begin(CredentialRequest request, What what) {
    const auto loop = co_await boost::asio::this_coro::executor;
    const auto issue = std::make_shared<Issue>(loop);
    const std::uint64_t forgotten = forgotten_;
    under_way_.insert_or_assign(what, issue);
    Result<IssuedCredential> made = Error(Code::unavailable, "credential: ended early");
    try {
        made = co_await issue_and_record(std::move(request));
    } catch (const std::exception& cancelled) {  // Asio's way to say so; it ends here
        made = Error(Code::unavailable, "credential: " + std::string(cancelled.what()));
    }
    const auto mine = under_way_.find(what);
    if (mine != under_way_.end() && mine->second == issue) under_way_.erase(mine);
    if (made && forgotten == forgotten_) remember(what, *made);
    const IssuedCredential* old = find(what);
    if (!made && passes(made.error()) && old != nullptr && now_() < old->not_after) made = *old;
    issue->outcome = made;
    issue->over.close();
    co_return made;
}

Async<IssuedCredential> Credentials::issue_and_record(CredentialRequest request) {
    HOLDFAST_CO_CHECK(ledger_.writable());
    HOLDFAST_CO_CHECK(room_for(request.agent));
    const std::string key = request.key->id;  // the pointer need not outlive the first wait
    CredentialRequest asked = request;
    HOLDFAST_CO_TRY(issued, co_await issuer_.issue(std::move(asked)));
    encode::Json::Object record = record_of(request, key, issued);
    HOLDFAST_CO_TRY(index, co_await ledger_.append("credential", std::move(record)));
    (void)index;
    ends_[request.agent].insert(issued.not_after);
    co_return std::move(issued);
}

Done Credentials::room_for(const std::string& agent) {
    auto& ends = ends_[agent];
    ends.erase(ends.begin(), ends.upper_bound(now_()));
    if (ends.size() < max_live_credentials) return done();
    return Error(Code::busy,
                 "agent " + agent + " has " + std::to_string(ends.size()) +
                     " credentials that are still good",
                 Retry::later)
        .because("too_many_credentials");
}

void Credentials::remember(const What& what, const IssuedCredential& credential) {
    const auto& agent = what.first;
    const auto first = credentials_.lower_bound(What(agent, ""));
    auto end = first;
    std::size_t count = 0;
    auto oldest = first;
    for (; end != credentials_.end() && end->first.first == agent; ++end, ++count) {
        if (end->second.not_after < oldest->second.not_after) oldest = end;
    }
    if (count >= max_credentials_per_agent && !credentials_.contains(what))
        credentials_.erase(oldest);
    credentials_.insert_or_assign(what, credential);
}

void Credentials::forget(std::string_view agent) {
    ++forgotten_;
    std::erase_if(ends_, [&](const auto& entry) { return entry.first == agent; });
    std::erase_if(credentials_, [&](const auto& entry) { return entry.first.first == agent; });
    // Who waits for one under way still gets it; containment has the last word on its use.
    std::erase_if(under_way_, [&](const auto& entry) { return entry.first.first == agent; });
}

}  // namespace holdfast::daemon
