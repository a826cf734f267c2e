// Permission: what policy says of one action, as of now, and how that is told and recorded.
#ifndef HOLDFAST_DAEMON_HANDLERS_PERMISSION_H
#define HOLDFAST_DAEMON_HANDLERS_PERMISSION_H

#include <variant>

#include "api/messages.h"
#include "daemon/handlers/caller.h"
#include "ledger/record.h"

namespace holdfast::daemon::handlers {

// Bytes of a record for what observed sets say, together. They decide nothing, so no action and no
// refusal may become too long for its record by them. One with all its rules fits.
inline constexpr std::size_t max_observed = 8UL * 1024;

// Valid until the next co_await.
struct Permission {
    Caller caller{};
    policy::Decision decision;
    policy::Situation situation;
    policy::Demand demand;  // met by the request's approval, or there is none in it
};

struct Denial {
    // denied: the caller's own reason; action_not_allowed (no permit fits), forbidden_by_policy
    // (the rules are named), novel_audience, or what is wrong with the approval. invalid: as
    // Policies::decide.
    Error error;
    policy::Decision decision{};  // empty where policy was not asked
};

using Ruling = std::variant<Permission, Denial>;

Ruling ruling_of(Services& services, const Call& call, Result<Caller> found,
                 const api::ActionRequest& request, const HostIdentity& identity);

Async<Answer> refuse_action(Services& services, const Call& call, Action action, Denial denial);

// "payments:refunds" of the rules that decided, the first; "default deny" where none did.
std::string rule_of(const policy::Decision& decision);
// All of them, or the first 32: of thousands that decide alike nobody needs more.
std::vector<std::string> rules_named(const policy::Decision& decision);
// Member `policy` of a refusal: the rules that decided, their sets, what observed sets would deny.
encode::Json::Object policy_record(const policy::Decision& decision);
// The same of an action, and the host as it was: with the statement it is all that policies can
// speak of, so that it can be decided again. Added last: observed sets get the room that is left.
void add_policy(ledger::Record& record, const Permission& permission);
// As many observed sets as there is room for in so many bytes, and how many were left off.
void add_observed(encode::Json::Object& policy, const std::vector<policy::Observed>& observed,
                  std::size_t room);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_PERMISSION_H
