// FrontProcess: everything the front owns, put together; and its chores.
#ifndef HOLDFAST_DAEMON_FRONT_FRONT_PROCESS_H
#define HOLDFAST_DAEMON_FRONT_FRONT_PROCESS_H

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <map>
#include <string>

#include "daemon/front/chore.h"
#include "daemon/front/front.h"
#include "daemon/handlers/services.h"
#include "daemon/link/linked_keys.h"
#include "daemon/link/linked_launcher.h"
#include "daemon/link/linked_measurer.h"
#include "daemon/link/routed_keys.h"
#include "daemon/link/supervisor_link.h"
#include "daemon/state/anchor.h"
#include "daemon/state/answerable.h"
#include "daemon/state/credentials.h"
#include "daemon/state/durable_ledger.h"
#include "daemon/state/history.h"
#include "daemon/state/off_loop.h"
#include "daemon/state/revocation_list.h"

namespace holdfast::daemon {

// What the records of the ledger make of it.
struct Replayed {
    std::uint64_t last_anchor = 0;
    policy::Limits limits;
    TriggerMemory triggers;
    History history;
};

class FrontProcess {
  public:
    FrontProcess(boost::asio::io_context& io, const Settings& settings, Registry& registry,
                 DurableLedger& ledger, Replayed replayed, std::size_t descriptor_ceiling);
    FrontProcess(const FrontProcess&) = delete;
    FrontProcess& operator=(const FrontProcess&) = delete;
    ~FrontProcess() = default;

    // Listens to the supervisor; once the state is in force, to callers. Then the loop runs it.
    Done start();
    // An orderly end: the anchor counter is told how far the ledger came, for a bounded time; then
    // the loop stops.
    void stop();
    // After the loop: what was only counted becomes records.
    void end();

  private:
    static constexpr std::chrono::seconds settle_again{2};

    boost::asio::awaitable<void> begin();
    Done listen();
    Async<Answer> handle(const Route& route, const Call& call);
    void plan_sums();
    boost::asio::awaitable<void> settle();
    boost::asio::awaitable<void> sum_refusals();
    void plan_expiry();
    boost::asio::awaitable<void> expire();
    boost::asio::awaitable<void> settle_anchor();
    void plan_anchor();
    boost::asio::awaitable<void> advance_anchor();
    boost::asio::awaitable<void> last_anchor_step();
    boost::asio::awaitable<void> end_loop();
    void take_limits(const Ledger& ledger, policy::Limits counted);
    void plan_counting();
    void hear_triggers();
    boost::asio::awaitable<void> finish_trigger(Async<std::monostate> work);
    void plan_settling();
    void plan_after_operator();
    void note_refusal(const Refusal& refusal);
    void plan_heartbeats();
    boost::asio::awaitable<void> look_for_heartbeats();
    boost::asio::awaitable<void> count_limits();
    void remember_records(DurableLedger& ledger);
    void plan_crl();
    void plan_crl_renewal();
    boost::asio::awaitable<void> publish_crl();
    boost::asio::awaitable<void> renew_crl();
    void plan_recheck();
    boost::asio::awaitable<void> recheck();
    void attach(WorkerId worker, Descriptor socket);
    WorkerLink& link_of(WorkerKind kind);
    // Runs beside everything else; what went wrong is logged.
    void spawn(const char* what, Async<std::monostate> work);
    void hear_launcher();
    std::map<std::string, std::string> links() const;

    boost::asio::io_context& io_;
    SupervisorLink supervisor_;
    WorkerLink keys_link_, token_link_, measurer_link_, launcher_link_;
    LinkedKeys tpm_keys_, token_keys_;
    RoutedKeys keys_;
    LinkedMeasurer measurer_;
    LinkedLauncher launcher_;
    Containment containment_;
    Anchor anchor_;
    LocalIssuer issuer_;
    Credentials credentials_;
    History history_;
    RevocationList crl_;
    Refusals refusals_;
    Host host_;
    std::map<std::string, policy::AgentFile> agents_;
    policy::Operators operators_;
    Launched launched_;
    OffLoop limit_counting_, policy_reading_;
    Instances instances_;
    Services services_;
    Admission admission_;
    Front front_;
    Chore settling_, summing_, rechecking_, expiring_, anchor_settling_, anchor_advancing_,
        counting_, heartbeats_, crl_publishing_, crl_renewing_, giving_up_;
    bool stopping_ = false;
    std::string anchor_trouble_, crl_trouble_;
};

// Unix seconds.
std::int64_t unix_now();

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_FRONT_PROCESS_H
