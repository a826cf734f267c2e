// FrontProcess, the revocation list: completed where a stop could not wait, and renewed in time.
#include <chrono>

#include "daemon/front/front_process.h"
#include "daemon/log.h"
#include "daemon/state/answerable.h"

namespace holdfast::daemon {
namespace {

constexpr std::chrono::seconds publish_again{2};
constexpr std::chrono::seconds after_failure{10};
constexpr std::int64_t looked_at_each = crl_lifetime / 4;  // while there is none

}  // namespace

// What was replayed at start goes on growing with what is recorded.
void FrontProcess::remember_records(DurableLedger& ledger) {
    ledger.tell([this](const ledger::Record& record) {
        const Done taken = history_.take(record);
        if (!taken)
            log_error("record " + std::to_string(record.index) + ": " + taken.error().text());
    });
    // It reads the ledger as the counting does: one of both at a time.
    services_.who_answers = [this, &ledger](std::uint64_t sequence) {
        return limit_counting_.run<Answerable>(
            [directory = services_.settings.state_dir + "/ledger", known = ledger.head(),
             sequence] { return who_answers(directory, known, sequence); });
    };
}

// Not only stops change it: so does an apply whose file vanished, or that lifts such a suspension.
void FrontProcess::plan_crl() {
    if (crl_.is_due()) crl_publishing_.plan(publish_again);
}

boost::asio::awaitable<void> FrontProcess::publish_crl() {
    const auto published = co_await crl_.publish();
    // Said once, however often it is tried again.
    const std::string trouble = published ? "" : published.error().text();
    if (!published && trouble != crl_trouble_) log_warning("publishing the CRL: " + trouble);
    crl_trouble_ = trouble;
    if (crl_.is_due()) crl_publishing_.plan(published ? publish_again : after_failure);
}

// Without a file for others nobody wakes for it: who asks gets a new one when it is time.
void FrontProcess::plan_crl_renewal() {
    if (!crl_.is_published_somewhere()) return;
    // A second later: then half of its life is over for sure.
    crl_renewing_.plan(std::chrono::seconds(crl_.renews_in().value_or(looked_at_each) + 1));
}

boost::asio::awaitable<void> FrontProcess::renew_crl() {
    co_await publish_crl();
    plan_crl_renewal();
}

}  // namespace holdfast::daemon
