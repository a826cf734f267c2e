#include "ledger/writer/writer.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "ledger/record.h"

namespace holdfast::ledger {

namespace {

enum class Mode : std::uint8_t {
    healthy,
    containment_only,  // the disk is full and the reserve is given back
    failed,
};

Error ledger_failed(std::string_view why) {
    return Error(Code::unavailable, "ledger: signing is stopped: " + std::string(why), Retry::later)
        .because("ledger_failed");
}

struct Waiting {
    Bytes record;
    Written written;
};

void tell(const std::vector<Written>& all, const Result<LedgerHead>& outcome) {
    for (const auto& written : all)
        written(outcome);
}

}  // namespace

// The mutex guards what the loop's thread must ask without waiting for the disk: it is never held
// during a write. A message queue alone could not refuse a record at once after a failure.
struct Writer::State {
    explicit State(Log opened) : log(std::move(opened)), next(log.head().size) {
        if (!log.has_reserve()) stop_ordinary("no room for the reserve: the disk is full");
    }

    void run();
    void write(std::deque<Waiting> batch);
    void fail(const Error& cause, std::vector<Written> lost);
    Result<LedgerHead> try_again();
    bool has_work() const { return !waiting.empty() || !stale.empty() || !resuming.empty(); }
    Done admit(std::uint64_t index, Priority priority) const;
    void stop_ordinary(std::string why) {
        mode = Mode::containment_only;
        cause = std::move(why);
    }

    Log log;  // the writer's thread only
    mutable std::mutex mutex;
    std::condition_variable changed;
    std::deque<Waiting> waiting;
    std::vector<Written> stale;  // containment records of callers who have yet to hear of a failure
    std::vector<Written> resuming;
    std::uint64_t next;  // index of the next record to be accepted
    Mode mode = Mode::healthy;
    std::string cause;
    bool stopping = false;
    std::thread thread;
};

Writer::Writer(Log log) : state_(std::make_unique<State>(std::move(log))) {
    state_->thread = std::thread([state = state_.get()] { state->run(); });
}

Writer::~Writer() {
    {
        const std::lock_guard lock(state_->mutex);
        state_->stopping = true;
    }
    state_->changed.notify_one();
    state_->thread.join();
}

Done Writer::State::admit(std::uint64_t index, Priority priority) const {
    const bool containment = priority == Priority::containment;
    if (mode == Mode::failed) return ledger_failed(cause);
    if (mode == Mode::containment_only && !containment) return ledger_failed(cause);
    if (index != next && !containment) return ledger_failed("records before this one were lost");
    const auto most = max_waiting_records + (containment ? max_waiting_containment : 0);
    if (waiting.size() < most) return done();
    return Error(Code::busy, "ledger: too many records wait for the disk", Retry::later);
}

Done Writer::append(std::uint64_t index, Bytes record, Priority priority, Written written) {
    if (record.empty() || record.size() > max_record)
        return Error(Code::invalid, "ledger: record of a size that cannot be stored");
    {
        const std::lock_guard lock(state_->mutex);
        HOLDFAST_CHECK(state_->admit(index, priority));
        if (index != state_->next) {
            state_->stale.push_back(std::move(written));
        } else {
            state_->waiting.push_back(Waiting{std::move(record), std::move(written)});
            ++state_->next;
        }
    }
    state_->changed.notify_one();
    return done();
}

void Writer::resume(Written resumed) {
    {
        const std::lock_guard lock(state_->mutex);
        state_->resuming.push_back(std::move(resumed));
    }
    state_->changed.notify_one();
}

Done Writer::healthy() const {
    const std::lock_guard lock(state_->mutex);
    if (state_->mode == Mode::healthy) return done();
    return ledger_failed(state_->cause);
}

void Writer::State::run() {
    std::unique_lock lock(mutex);
    while (true) {
        changed.wait(lock, [this] { return stopping || has_work(); });
        if (!has_work()) return;
        std::deque<Waiting> batch = std::exchange(waiting, {});
        const std::vector<Written> refused = std::exchange(stale, {});
        const std::vector<Written> resumes = std::exchange(resuming, {});
        lock.unlock();
        tell(refused, ledger_failed("records before this one were lost"));
        if (!batch.empty()) write(std::move(batch));
        if (!resumes.empty()) tell(resumes, try_again());
        lock.lock();
    }
}

void Writer::State::write(std::deque<Waiting> batch) {
    std::vector<Bytes> records;
    std::vector<Written> told;
    for (auto& [record, written] : batch) {
        records.push_back(std::move(record));
        told.push_back(std::move(written));
    }
    const Done appended = log.append(records);
    if (!appended) return fail(appended.error(), std::move(told));
    tell(told, log.head());
}

void Writer::State::fail(const Error& failure, std::vector<Written> lost) {
    const bool full = failure.reason() == disk_full && log.has_reserve();
    // Cutting back also makes the room that half a write took.
    const bool reserve_freed = full && log.recover() && log.free_reserve();
    {
        const std::lock_guard lock(mutex);
        for (auto& [record, written] : waiting)
            lost.push_back(std::move(written));
        waiting.clear();
        next = log.head().size;
        mode = reserve_freed ? Mode::containment_only : Mode::failed;
        cause = failure.text();
    }
    tell(lost, ledger_failed(failure.text()));
}

Result<LedgerHead> Writer::State::try_again() {
    {
        const std::lock_guard lock(mutex);
        if (mode == Mode::healthy) return log.head();
    }
    const Done recovered = log.recover();
    const Done reserved = recovered ? log.keep_reserve() : recovered;
    const std::lock_guard lock(mutex);
    if (!recovered) {
        mode = Mode::failed;
        cause = recovered.error().text();
        return ledger_failed(cause);
    }
    if (!reserved) {
        stop_ordinary(reserved.error().text());
        return ledger_failed(cause);
    }
    mode = Mode::healthy;
    return log.head();
}

}  // namespace holdfast::ledger
