// Anchor: ledger and TPM counter agree, or nothing is signed. Notices a state directory of
// yesterday.
#ifndef HOLDFAST_DAEMON_STATE_ANCHOR_H
#define HOLDFAST_DAEMON_STATE_ANCHOR_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "core/encode/json.h"
#include "daemon/link/keys.h"
#include "daemon/state/ledger.h"
#include "daemon/state/turns.h"

namespace holdfast::daemon {

inline constexpr std::size_t max_accept_reason = 500;  // bytes of what an operator says

enum class AnchorPhase : std::uint8_t {
    unread,   // the chip has not answered yet
    absent,   // this host has no counter, and its ledger says so too
    ready,    // they agree
    differs,  // one of them is not of today: signing is off until an operator accepts
};
std::string_view to_string(AnchorPhase phase) noexcept;

// For status, doctor and operators.
struct AnchorView {
    AnchorPhase phase = AnchorPhase::unread;
    std::uint64_t counter = 0;   // of the TPM, as last read; 0: none, or never read
    std::uint64_t recorded = 0;  // of the ledger's last record; 0: none
    std::string reason;          // in plain words, unless all is well
};

// The anchor counter (holdfast/anchor_counter.h), not the register's anchor event. One record
// "anchor" {value, why, by} for each step, durable before the chip counts: so after a crash the
// counter may be one behind the last record, which is completed; any other difference means that
// disk or counter was exchanged. The counter's very first value is the chip's choice and recorded
// after it. Event loop only.
class Anchor {
  public:
    // `recorded`: LastAnchor's value after the whole ledger.
    Anchor(const boost::asio::any_io_executor& loop, Keys& keys, Ledger& ledger,
           std::uint64_t recorded);

    // Asked before anything is signed or issued. unavailable: anchor_differs; anchor_unread, or
    // the reason for which the keys worker answers nobody.
    Done holds() const;
    AnchorView view() const;

    // Reads and compares, unless that was done; completes what a crash or a lost answer left, and
    // advances once ("start"). An Error: try again while unfinished().
    Async<std::monostate> settle();
    bool unfinished() const noexcept;
    // Until the comparison that is under way is over.
    boost::asio::awaitable<void> settled();

    // Nothing was recorded since the last step: another would tell nobody anything.
    bool is_current() const;
    // The new value; 0 on a host without a counter. All who ask while one is under way share the
    // next one, which begins after they asked. `why` and `by` of who asked first are recorded.
    // unavailable as holds(); or what ledger or chip said: then the step is completed later.
    Async<std::uint64_t> advance(std::string why, std::string by);

    // An operator takes what is there as the truth. conflict [anchor_holds] when nothing differs.
    Async<AnchorView> accept(std::string by, std::string reason);

  private:
    struct Shared;  // what those wait for who share a step

    Async<std::monostate> compare();
    Async<std::monostate> ask();
    Async<std::monostate> begin();
    Async<std::monostate> make();
    Async<std::monostate> finish();
    Async<std::uint64_t> step(encode::Json::Object members);
    Async<std::monostate> count();
    Async<std::monostate> record(std::uint64_t value, encode::Json::Object members);
    Async<std::monostate> accept_found(encode::Json::Object members);
    boost::asio::awaitable<void> run_shared();
    static encode::Json::Object members_of(std::string why, std::string by);
    void note(const AnchorReading& reading);
    std::string explained() const;

    boost::asio::any_io_executor loop_;
    Keys& keys_;
    Ledger& ledger_;
    Turns turns_;
    AnchorPhase phase_ = AnchorPhase::unread;
    std::uint64_t recorded_;
    std::uint64_t counter_ = 0;
    bool has_tpm_ = true;
    bool beginning_ = false;  // we asked the chip to make it, and may not know at which value
    bool started_ = false;
    std::optional<std::uint64_t> last_index_;  // of our last record in this run
    Error trouble_;                            // why it is unread
    std::string chip_says_;
    std::shared_ptr<Shared> next_;  // owned by this and by those who wait for it
    bool running_ = false;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_ANCHOR_H
