// AnchorWorld: ledger, chip and the anchor between them, which may start anew.
#ifndef HOLDFAST_TESTS_SUPPORT_ANCHOR_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_ANCHOR_WORLD_H

#include <memory>
#include <string>

#include "daemon/state/anchor.h"
#include "daemon/state/last_anchor.h"
#include "tests/support/catch.h"
#include "tests/support/fake_keys.h"
#include "tests/support/fake_ledger.h"
#include "tests/support/run_async.h"

namespace holdfast::tests {

// One host; its daemon may start anew, and find in the ledger what is there by then.
struct AnchorWorld {
    boost::asio::io_context loop;
    FakeKeys keys{loop};
    FakeLedger ledger;
    std::unique_ptr<daemon::Anchor> anchor;

    Done start() {
        daemon::LastAnchor last;
        for (const auto& one : ledger.records)
            REQUIRE(last.take({one.type, 0, 0, one.members}));
        anchor = std::make_unique<daemon::Anchor>(loop.get_executor(), keys, ledger, last.value());
        return settle();
    }
    Done settle() { return run_async(loop, anchor->settle()); }
    Result<std::uint64_t> advance(const std::string& why = "interval") {
        return run_async(loop, anchor->advance(why, "daemon"));
    }
    Result<daemon::AnchorView> accept(const std::string& reason = "restored on purpose") {
        return run_async(loop, anchor->accept("login:7", reason));
    }
    daemon::AnchorPhase phase() const { return anchor->view().phase; }
    std::string refusal() const {
        const auto held = anchor->holds();
        return held ? "" : held.error().reason();
    }
    void recorded(std::uint64_t value) {
        ledger.records.push_back({"anchor", {{"value", static_cast<std::int64_t>(value)}}});
    }
    std::string last(const char* member) const {
        const encode::Json& value = ledger.records.back().members.at(member);
        return value.string() == nullptr ? encode::canonical(value) : *value.string();
    }
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_ANCHOR_WORLD_H
