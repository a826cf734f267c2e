// What the admin verbs share: rows that are written or remembered, and the errors they all give.
#ifndef HOLDFAST_DAEMON_HANDLERS_ADMIN_H
#define HOLDFAST_DAEMON_HANDLERS_ADMIN_H

#include <boost/asio/this_coro.hpp>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "api/anchor_messages.h"
#include "daemon/handlers/services.h"
#include "daemon/handlers/stages.h"
#include "daemon/handlers/started.h"

namespace holdfast::daemon::handlers {

// How the anchor counter stands, for its own route and the status.
api::Anchor shown(const AnchorView& view);

Error unknown_agent(std::string_view name);
Error ended_for_good(const AgentRow& row);  // conflict: revoked or retired

// The same operator of operators.toml, by whichever of their logins; else the same principal.
bool is_same_person(const Services& services, std::string_view one, std::string_view other);

// Members of a "containment" record.
encode::Json::Object containment_record(const AgentRow& row, std::string verb, std::string by);

// Holds a flag up for a scope.
class Held {
  public:
    explicit Held(bool& flag) : flag_(flag) { flag_ = true; }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    ~Held() { flag_ = false; }

  private:
    bool& flag_;
};

// While a verb runs, settle() leaves its agent alone.
class Containing {
  public:
    Containing(Services& services, const std::string& agent)
        : agents_(services.ongoing.containing), mine_(agents_.insert(agent)) {}
    Containing(const Containing&) = delete;
    Containing& operator=(const Containing&) = delete;
    ~Containing() { agents_.erase(mine_); }

  private:
    std::multiset<std::string>& agents_;
    std::multiset<std::string>::iterator mine_;
};

// Writes the row; what the registry cannot write now is remembered and written by settle().
Done save(Services& services, const AgentRow& row);
// The row as it should be: an unsaved one comes before the registry's. nullopt when unknown.
std::optional<AgentRow> current_row(const Services& services, std::string_view name);
// That stage of that key is durable. Re-reads the row: verbs may run side by side.
void mark_done(Services& services, std::string_view name, std::string_view key_id, Stage stage);

// The record of the state that holds, for want of one: it comes late, or takes another one back.
// Its stage is durable then.
Async<std::monostate> settle_ledger(Services& services, AgentRow row);

// What became of a stage, as replies say it.
inline constexpr const char* stage_done = "done";
inline constexpr const char* stage_pending = "pending";
inline constexpr const char* stage_not_needed = "not_needed";
// The chip had no room for a fuse of this key's own: the keys worker refuses the key from now on,
// but only the host fuse would end it in hardware.
inline constexpr const char* stage_host_only = "host_only";

// What the chip does within a moment; timeout, and it goes on, where it takes longer: nobody who
// stops an agent waits for a chip that is stuck.
inline constexpr std::chrono::seconds chip_patience{2};
template <class T>
Async<T> soon(Async<T> work) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    Started<T> started(executor, std::move(work));
    auto result = co_await started.result_within(chip_patience);
    if (result) co_return *std::move(result);
    co_return Error(Code::timeout, "the chip does not answer", Retry::later);
}
// The anchor counter's next step, soon: "done", or "not_needed" on a host that has none.
Async<std::string> anchor_step(Services& services, std::string why, std::string by);

// "done" or "host_only".
Async<std::string> end_fuse(Services& services, std::string key_id);
// A blob that is already gone is done.
Async<std::monostate> end_blob(Services& services, std::string key_id);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_ADMIN_H
