// Steps of the anchor counter that others ask for: shared ones, and what an operator accepts.
#include <exception>
#include <utility>

#include "daemon/link/bell.h"
#include "daemon/log.h"
#include "daemon/state/anchor.h"

namespace holdfast::daemon {
namespace {

namespace asio = boost::asio;

}  // namespace

struct Anchor::Shared {
    Shared(const asio::any_io_executor& loop, encode::Json::Object first)
        : bell(loop), members(std::move(first)) {}
    Bell bell;  // rung when the outcome is there
    encode::Json::Object members;
    std::optional<Result<std::uint64_t>> outcome;
};

// ── shared steps ────────────────────────────────────────────────────────────────────────────────

Async<std::uint64_t> Anchor::advance(std::string why, std::string by) {
    HOLDFAST_CO_CHECK(holds());
    if (phase_ == AnchorPhase::absent) co_return std::uint64_t{0};
    if (!next_) {
        auto members = members_of(std::move(why), std::move(by));
        next_ = std::make_shared<Shared>(loop_, std::move(members));
    }
    const auto shared = next_;
    // Beside all who wait: a caller that goes away takes nothing from the others.
    if (!std::exchange(running_, true)) run_beside(loop_, run_shared());
    while (!shared->outcome)
        co_await shared->bell.rung();
    co_return *shared->outcome;
}

asio::awaitable<void> Anchor::run_shared() {
    while (next_) {
        const auto turn = co_await turns_.take();
        // Whoever asks from here on asks for the one after this.
        const auto shared = std::exchange(next_, nullptr);
        try {
            auto stepped = co_await step(std::move(shared->members));
            shared->outcome.emplace(std::move(stepped));
        } catch (const std::exception& thrown) {
            shared->outcome.emplace(Error(Code::internal, thrown.what()));
        }
        shared->bell.ring();
    }
    running_ = false;
}

// ── what an operator accepts ────────────────────────────────────────────────────────────────────

Async<AnchorView> Anchor::accept(std::string by, std::string reason) {
    if (reason.empty() || reason.size() > max_accept_reason)
        co_return Error(Code::invalid, "reason: 1 to " + std::to_string(max_accept_reason) +
                                           " bytes that say why");
    const auto turn = co_await turns_.take();
    if (phase_ == AnchorPhase::unread) co_return holds().error();
    if (phase_ != AnchorPhase::differs)
        co_return Error(Code::conflict, "the anchor does not differ: there is nothing to accept")
            .because("anchor_holds");
    auto members = members_of("accept", by);
    members["reason"] = std::move(reason);
    HOLDFAST_CO_CHECK(co_await accept_found(std::move(members)));
    log_warning("the anchor was accepted by " + by + ", now at " + std::to_string(recorded_));
    co_return view();
}

// A counter that is there goes one on, after its record; one that is not is made, as at the
// beginning. Once the record is durable a chip that does not answer is waited for elsewhere.
Async<std::monostate> Anchor::accept_found(encode::Json::Object members) {
    HOLDFAST_CO_CHECK(co_await ask());
    members["before"] = static_cast<std::int64_t>(recorded_);
    members["found"] = static_cast<std::int64_t>(counter_);
    const bool was_there = counter_ != 0;
    if (!was_there && has_tpm_) HOLDFAST_CO_CHECK(co_await make());
    const std::uint64_t to = was_there ? counter_ + 1 : counter_;
    HOLDFAST_CO_CHECK(co_await record(to, std::move(members)));
    started_ = true;
    phase_ = to == 0 ? AnchorPhase::absent : AnchorPhase::ready;
    const auto counted = co_await finish();
    if (phase_ == AnchorPhase::differs) co_return counted;
    co_return done();
}

}  // namespace holdfast::daemon
