// FakeLedger: the Ledger port in memory, with a disk that can be full.
#ifndef HOLDFAST_TESTS_SUPPORT_FAKE_LEDGER_H
#define HOLDFAST_TESTS_SUPPORT_FAKE_LEDGER_H

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "daemon/state/ledger.h"
#include "tests/support/pause_point.h"

namespace holdfast::tests {

class FakeLedger final : public daemon::Ledger {
  public:
    struct Appended {
        std::string type;
        encode::Json::Object members;
    };

    std::vector<Appended> records;
    bool disk_full = false;    // every append fails until resume()
    bool refuse_next = false;  // the next append is not even queued
    bool fail_next = false;    // the next append is queued, and lost with its place
    bool lose_batch = false;   // until a record is waited for, they are lost and queued again then
    bool lose_next_answer = false;      // the next append may have become durable, says it
    PausePoint* pause = nullptr;        // set: it may hold an append, before it is durable
    std::function<void()> when_queued;  // called inside append, before it answers
    std::function<std::int64_t()> now;  // of the records that are told; unset: 1970

    std::uint64_t next_index() const override { return records.size() + lost_; }
    daemon::Async<std::uint64_t> append(std::string type, encode::Json::Object members) override {
        if (disk_full) return refused();
        if (std::exchange(refuse_next, false)) return too_long();
        if (auto readable = ledger::encode_record({type, 0, next_index(), members}); !readable)
            return too_long();
        if (lose_batch) return queued_again(std::move(type), std::move(members));
        records.push_back(Appended{std::move(type), std::move(members)});
        if (when_queued) when_queued();
        if (std::exchange(fail_next, false)) {
            records.pop_back();
            ++lost_;
            return lost();
        }
        if (std::exchange(lose_next_answer, false)) return unknown();
        const std::uint64_t index = records.size() - 1;
        ledger::Record record{records.back().type, now ? now() : 0, index, records.back().members};
        return durable(std::move(record), "append " + records.back().type);
    }
    void tell(Told told) override { told_ = std::move(told); }
    LedgerHead head() const override {
        LedgerHead head;
        head.size = records.size();
        return head;
    }
    Done writable() const override { return disk_full ? Done(full()) : done(); }
    daemon::Async<LedgerHead> resume() override {
        disk_full = false;
        return resumed(head());
    }

    std::size_t count(std::string_view type) const {
        std::size_t found = 0;
        for (const auto& record : records)
            found += record.type == type ? 1U : 0U;
        return found;
    }

  private:
    Told told_;
    std::size_t lost_ = 0;

    daemon::Async<std::uint64_t> durable(ledger::Record record, std::string call) {
        if (pause != nullptr) (void)co_await pause->pass(std::move(call));
        if (told_) told_(record);
        co_return record.index;
    }
    // Lazy, as the ledger's own way out of a batch that found the disk full.
    daemon::Async<std::uint64_t> queued_again(std::string type, encode::Json::Object members) {
        lose_batch = false;
        co_return co_await append(std::move(type), std::move(members));
    }
    static daemon::Async<std::uint64_t> refused() { co_return full(); }
    static daemon::Async<std::uint64_t> too_long() {
        co_return Error(Code::invalid, "ledger record: too long");
    }
    // Its place is given out again once its failure is heard of.
    daemon::Async<std::uint64_t> lost() {
        --lost_;
        co_return full();
    }
    static daemon::Async<std::uint64_t> unknown() {
        co_return Error(Code::timeout, "ledger: the wait was cancelled; the record may be written");
    }
    static Error full() {
        return Error(Code::unavailable, "ledger: disk full, signing is stopped", Retry::later)
            .because("ledger_failed");
    }
    static daemon::Async<LedgerHead> resumed(LedgerHead head) { co_return head; }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_LEDGER_H
