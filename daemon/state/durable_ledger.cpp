#include "daemon/state/durable_ledger.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <optional>

#include "core/encode/base64.h"
#include "daemon/log.h"
#include "ledger/record.h"

namespace holdfast::daemon {

namespace {

constexpr std::string_view head_note = "ledger_head";

using Signal = boost::asio::experimental::channel<void(boost::system::error_code)>;

// What one caller waits for. Owners: the waiting coroutine, and the writer's callback until it ran;
// so a wait that is cancelled, or never begun, harms nobody.
struct Outcome {
    explicit Outcome(const boost::asio::any_io_executor& loop) : there(loop, 1) {}
    Signal there;
    std::uint64_t index = 0;
    std::uint64_t epoch = 0;
    ledger::Record record;                   // for whoever is told of it
    std::optional<Result<LedgerHead>> head;  // set before `there` is signalled
};
using Awaited = std::shared_ptr<Outcome>;

// The loop's view of the ledger. Owners: DurableLedger, and callbacks posted to the loop.
struct Progress {
    boost::asio::any_io_executor loop;
    LedgerHead head;  // durable
    std::uint64_t next = 0;
    Done writable = done();
    Ledger::Told told;
    // Moves with each failure. All records on their way fail together, and the first to be heard of
    // sets `next` back; what was queued since must not be set back by the others.
    std::uint64_t epoch = 0;

    void settle(Outcome& outcome, const Result<LedgerHead>& result) {
        if (result) {
            if (result->size > head.size) head = *result;
            if (told) told(outcome.record);
        } else if (outcome.epoch == epoch) {
            ++epoch;
            next = head.size;
            stop(result.error());
        }
        tell(outcome, result);
    }
    void stop(const Error& why) {
        if (writable) log_error(why.text());
        writable = why;
    }
    static void tell(Outcome& outcome, const Result<LedgerHead>& result) {
        outcome.head = result;
        outcome.there.try_send(boost::system::error_code());
    }
};

std::string text_of_head(const LedgerHead& head) {
    return std::to_string(head.size) + " " + encode::hex(head.root);
}

Result<std::optional<LedgerHead>> remembered_head(const Registry& registry) {
    const auto text = registry.note(head_note);
    if (!text) return std::optional<LedgerHead>();
    const auto space = text->find(' ');
    LedgerHead head;
    HOLDFAST_TRY(root, encode::sha256_from_hex(text->substr(std::min(space + 1, text->size()))));
    head.root = root;
    for (const char digit : text->substr(0, space))
        head.size = head.size * 10 + static_cast<std::uint64_t>(digit - '0');
    if (text_of_head(head) != *text)
        return Error(Code::invalid, "registry: damaged: the remembered ledger head");
    return std::optional<LedgerHead>(head);
}

ledger::Priority priority_of(std::string_view type) {
    const bool containment = std::find(containment_types.begin(), containment_types.end(), type) !=
                             containment_types.end();
    return containment ? ledger::Priority::containment : ledger::Priority::ordinary;
}

// A record says its own index, so that none can be moved.
Done fold_in(const DurableLedger::Fold& fold, std::uint64_t index, ByteView leaf) {
    const std::string place = "record " + std::to_string(index);
    auto record = ledger::decode_record(leaf);
    if (!record) return std::move(record).error().within(place);
    if (record->index != index) return Error(Code::invalid, place + ": is another's");
    auto folded = fold(*record);
    if (!folded) return std::move(folded).error().within(place);
    return done();
}

Async<LedgerHead> wait_for(Awaited outcome) {
    constexpr auto token = boost::asio::as_tuple(boost::asio::use_awaitable);
    const auto answered = co_await outcome->there.async_receive(token);
    const auto& [cancelled] = answered;
    if (!cancelled) co_return *outcome->head;
    co_return Error(Code::timeout, "ledger: the wait was cancelled; the record may be written");
}

Async<std::uint64_t> refused(Error error) {
    co_return std::move(error);
}

}  // namespace

struct DurableLedger::State {
    State(boost::asio::any_io_executor loop, Now clock, ledger::Log log)
        : now(std::move(clock)), progress(std::make_shared<Progress>()) {
        progress->loop = std::move(loop);
        progress->head = log.head();
        progress->next = progress->head.size;
        writer = std::make_unique<ledger::Writer>(std::move(log));
        const Done healthy = writer->healthy();
        if (!healthy) progress->stop(healthy.error());
    }

    Result<Awaited> queue(const std::string& type, const encode::Json::Object& members);
    Async<std::uint64_t> durable(Awaited outcome);
    Async<std::uint64_t> durable_or_again(Awaited outcome, std::string type,
                                          encode::Json::Object members);

    Now now;
    std::shared_ptr<Progress> progress;
    std::unique_ptr<ledger::Writer> writer;
};

Result<Awaited> DurableLedger::State::queue(const std::string& type,
                                            const encode::Json::Object& members) {
    ledger::Record record{type, now(), progress->next, members};
    HOLDFAST_TRY(bytes, ledger::encode_record(record));
    const auto outcome = std::make_shared<Outcome>(progress->loop);
    outcome->index = progress->next;
    outcome->epoch = progress->epoch;
    outcome->record = std::move(record);
    auto written = [view = progress, outcome](const Result<LedgerHead>& head) {
        boost::asio::post(view->loop, [view, outcome, head] { view->settle(*outcome, head); });
    };
    const auto priority = priority_of(type);
    auto queued = writer->append(outcome->index, std::move(bytes), priority, std::move(written));
    if (!queued) {
        if (queued.error().reason() == "ledger_failed") progress->stop(queued.error());
        return std::move(queued).error();
    }
    ++progress->next;
    return outcome;
}

Async<std::uint64_t> DurableLedger::State::durable(Awaited outcome) {
    HOLDFAST_CO_TRY(head, co_await wait_for(outcome));
    (void)head;
    co_return outcome->index;
}

// The batch that finds the disk full is lost whole, containment records in it too: these get the
// reserve that was given back by then. By now the loop has heard of the failure.
Async<std::uint64_t> DurableLedger::State::durable_or_again(Awaited outcome, std::string type,
                                                            encode::Json::Object members) {
    auto head = co_await wait_for(outcome);
    if (head) co_return outcome->index;
    if (head.error().reason() != "ledger_failed") co_return std::move(head).error();
    HOLDFAST_CO_TRY(second, queue(type, members));
    auto index = co_await durable(second);
    co_return index;
}

DurableLedger::DurableLedger(std::unique_ptr<State> state) : state_(std::move(state)) {}
DurableLedger::~DurableLedger() = default;

Result<std::unique_ptr<DurableLedger>> DurableLedger::open(const std::string& directory,
                                                           Registry& registry,
                                                           boost::asio::any_io_executor loop,
                                                           Now now, const Fold& fold) {
    HOLDFAST_TRY(known, remembered_head(registry));
    const ledger::Each each = [&fold](std::uint64_t index, ByteView leaf) {
        return fold_in(fold, index, leaf);
    };
    HOLDFAST_TRY(log, ledger::Log::open(directory, known, each));
    auto state = std::make_unique<State>(std::move(loop), std::move(now), std::move(log));
    auto opened = std::make_unique<DurableLedger>(std::move(state));
    HOLDFAST_CHECK(opened->remember_head(registry));
    return opened;
}

std::uint64_t DurableLedger::next_index() const {
    return state_->progress->next;
}

Async<std::uint64_t> DurableLedger::append(std::string type, encode::Json::Object members) {
    auto queued = state_->queue(type, members);
    if (!queued) return refused(std::move(queued).error());
    if (priority_of(type) == ledger::Priority::ordinary) return state_->durable(*queued);
    return state_->durable_or_again(*queued, std::move(type), std::move(members));
}

void DurableLedger::tell(Told told) {
    state_->progress->told = std::move(told);
}

LedgerHead DurableLedger::head() const {
    return state_->progress->head;
}

Done DurableLedger::writable() const {
    return state_->progress->writable;
}

Async<LedgerHead> DurableLedger::resume() {
    const auto outcome = std::make_shared<Outcome>(state_->progress->loop);
    auto resumed = [view = state_->progress, outcome](const Result<LedgerHead>& head) {
        boost::asio::post(view->loop, [view, outcome, head] {
            view->writable = head ? done() : Done(head.error());
            Progress::tell(*outcome, head);
        });
    };
    state_->writer->resume(std::move(resumed));
    return wait_for(outcome);
}

Done DurableLedger::remember_head(Registry& registry) const {
    return registry.set_note(head_note, text_of_head(head()));
}

}  // namespace holdfast::daemon
