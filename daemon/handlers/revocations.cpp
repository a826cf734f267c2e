// GET /v1/crl, and what a stop does about it.
#include "daemon/handlers/revocations.h"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <map>

#include "api/messages.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/stopping.h"

namespace holdfast::daemon::handlers {
namespace {

using crypto::RevocationReason;

constexpr const char* stage_no_ca = "no_ca";

// Each agent's row is looked up once, however many certificates it has.
class Rows {
  public:
    explicit Rows(const Services& services) : services_(services) {}
    const std::optional<AgentRow>& of(const std::string& agent) {
        const auto [entry, is_new] = rows_.try_emplace(agent);
        if (is_new) entry->second = current_row(services_, agent);
        return entry->second;
    }

  private:
    const Services& services_;
    std::map<std::string, std::optional<AgentRow>> rows_;
};

RevocationReason reason_of(AgentState state) {
    return state == AgentState::retired ? RevocationReason::cessation_of_operation
                                        : RevocationReason::privilege_withdrawn;
}

// What the ledger says of a key that has ended stands, whatever the registry says. Else memory,
// which moves first; an agent nobody knows any more has ended, too.
std::optional<RevocationReason> reason_for(const Services& services, Rows& rows,
                                           const IssuedCertificate& issued) {
    const StopRecord* stop = services.history.stop_of(issued.key_id);
    if (stop != nullptr && stop->has_ended())
        return reason_of(stop->state == to_string(AgentState::retired) ? AgentState::retired
                                                                       : AgentState::revoked);
    const auto& row = rows.of(issued.agent);
    if (!row || row->key.id != issued.key_id) return RevocationReason::cessation_of_operation;
    const AgentState state = services.containment.state_of(issued.agent);
    if (has_ended(state)) return reason_of(state);
    if (state == AgentState::suspended || services.containment.host() != AgentState::active)
        return RevocationReason::certificate_hold;
    return std::nullopt;
}

AgentState state_behind(RevocationReason reason) {
    switch (reason) {
        case RevocationReason::cessation_of_operation: return AgentState::retired;
        case RevocationReason::privilege_withdrawn: return AgentState::revoked;
        case RevocationReason::certificate_hold: break;
    }
    return AgentState::suspended;
}

// Of the record that says so; without one the list knows since when it stands there.
std::optional<std::int64_t> since(const Services& services, const std::string& key_id,
                                  RevocationReason reason) {
    const StopRecord* stop = services.history.stop_of(key_id);
    if (stop == nullptr || stop->state != to_string(state_behind(reason))) return std::nullopt;
    return stop->time;
}

Async<std::string> publish(Services& services) {
    const Done published = co_await services.crl.publish();
    if (published) co_return std::string(stage_done);
    if (published.error().reason() == "no_ca") co_return std::string(stage_no_ca);
    co_return Error(published.error());
}

}  // namespace

Result<std::vector<Revocation>> revoked_now(const Services& services) {
    // A registry of before would free whom it does not know to be stopped.
    HOLDFAST_CHECK(services.anchor.holds());
    std::vector<Revocation> revoked;
    Rows rows(services);
    const std::int64_t now = services.now();
    for (const IssuedCertificate& issued : services.history.issued(now)) {
        const auto reason = reason_for(services, rows, issued);
        auto serial = crypto::serial_of_hex(issued.serial);
        if (!reason || !serial) continue;
        revoked.push_back({*std::move(serial), *reason, since(services, issued.key_id, *reason),
                           issued.ends <= now});
    }
    return revoked;
}

std::string crl_word(const Services& services) {
    switch (services.crl.standing()) {
        case RevocationList::Standing::told: return stage_done;
        case RevocationList::Standing::no_ca: return stage_no_ca;
        case RevocationList::Standing::due:
        case RevocationList::Standing::unknown: break;
    }
    return stage_pending;
}

bool moves_credentials(std::string_view verb) {
    const Verb* found = find_verb(verb);
    return found == nullptr || !may_act(found->target);
}

CrlStage::CrlStage(Services& services, const boost::asio::any_io_executor& executor, bool is_needed)
    : until_(std::chrono::steady_clock::now() + chip_patience) {
    if (is_needed) work_.emplace(executor, publish(services));
}

Async<std::string> CrlStage::outcome() {
    if (!work_) co_return std::string(stage_not_needed);
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until_ - std::chrono::steady_clock::now());
    auto result = co_await work_->result_within(std::max(left, std::chrono::milliseconds(0)));
    if (result) co_return *std::move(result);
    co_return Error(Code::timeout, "the chip does not answer", Retry::later);
}

Async<std::string> list_word(Services& services, bool is_needed) {
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    CrlStage list(services, executor, is_needed);
    auto listed = co_await list.outcome();
    if (!listed) co_return std::string(stage_pending);
    co_return *std::move(listed);
}

// Whoever may ask at all: what it says is for everybody.
Async<Answer> crl(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_TRY(list, co_await services.crl.shown());
    Answer answer;
    answer.content_type = "application/pkix-crl";  // RFC 2585 §4.2
    answer.body = std::string(text_of(list));
    co_return answer;
}

}  // namespace holdfast::daemon::handlers
