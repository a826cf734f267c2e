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
    bool disk_full = false;             // every append fails until resume()
    PausePoint* pause = nullptr;        // set: it may hold an append, before it is durable
    std::function<void()> when_queued;  // called inside append, before it answers

    std::uint64_t next_index() const override { return records.size(); }
    daemon::Async<std::uint64_t> append(std::string type, encode::Json::Object members) override {
        if (disk_full) return refused();
        records.push_back(Appended{std::move(type), std::move(members)});
        if (when_queued) when_queued();
        return durable(records.size() - 1, pause, "append " + records.back().type);
    }
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
    static daemon::Async<std::uint64_t> durable(std::uint64_t index, PausePoint* pause,
                                                std::string call) {
        if (pause != nullptr) (void)co_await pause->pass(std::move(call));
        co_return index;
    }
    static daemon::Async<std::uint64_t> refused() { co_return full(); }
    static Error full() {
        return Error(Code::unavailable, "ledger: disk full, signing is stopped", Retry::later)
            .because("ledger_failed");
    }
    static daemon::Async<LedgerHead> resumed(LedgerHead head) { co_return head; }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FAKE_LEDGER_H
