// Every handler of the two sockets, for the rows of the dispatch table; and what runs at start.
#ifndef HOLDFAST_DAEMON_HANDLERS_HANDLERS_H
#define HOLDFAST_DAEMON_HANDLERS_HANDLERS_H

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// Agent socket. `call.instance` is proved and was still the same code a moment ago.
Async<Answer> whoami(Services& services, const Call& call);       // GET  /v1/whoami
Async<Answer> credential(Services& services, const Call& call);   // POST /v1/credential
Async<Answer> sign_action(Services& services, const Call& call);  // POST /v1/actions
Async<Answer> evidence(Services& services, const Call& call);     // POST /v1/evidence
Async<Answer> wait_approval(Services& services,
                            const Call& call);  // POST /v1/approvals/{name}/wait

// Both sockets, no instance needed.
Async<Answer> openapi(Services& services, const Call& call);  // GET /v1/openapi.json
Async<Answer> crl(Services& services, const Call& call);      // GET /v1/crl
Async<Answer> tombstone(Services& services,
                        const Call& call);  // GET /v1/tombstones/{name}

// Admin socket. `call.principal` says who; `call.argument` is the {name} of the path.
Async<Answer> status(Services& services, const Call& call);         // GET  /v1/status
Async<Answer> list_agents(Services& services, const Call& call);    // GET  /v1/agents
Async<Answer> list_policies(Services& services, const Call& call);  // GET  /v1/policies
Async<Answer> show_agent(Services& services, const Call& call);     // GET  /v1/agents/{name}
Async<Answer> apply(Services& services, const Call& call);          // POST /v1/apply
Async<Answer> suspend(Services& services, const Call& call);    // POST /v1/agents/{name}/suspend
Async<Answer> reinstate(Services& services, const Call& call);  // POST …/reinstate
Async<Answer> revoke(Services& services, const Call& call);     // POST …/revoke
Async<Answer> retire(Services& services, const Call& call);     // POST …/retire
Async<Answer> launch(Services& services, const Call& call);     // POST …/launch
Async<Answer> stop(Services& services, const Call& call);       // POST …/stop
Async<Answer> kill(Services& services, const Call& call);       // POST …/kill
Async<Answer> throttle(Services& services, const Call& call);   // POST …/throttle
Async<Answer> approval_only(Services& services, const Call& call);    // POST …/approval-only
Async<Answer> contain(Services& services, const Call& call);          // POST /v1/contain
Async<Answer> list_instances(Services& services, const Call& call);   // GET  /v1/instances
Async<Answer> store_import(Services& services, const Call& call);     // POST /v1/store/import
Async<Answer> store_list(Services& services, const Call& call);       // GET  /v1/store
Async<Answer> store_collect(Services& services, const Call& call);    // POST /v1/store/collect
Async<Answer> store_check(Services& services, const Call& call);      // POST /v1/store/check
Async<Answer> ledger_head(Services& services, const Call& call);      // GET  /v1/ledger/head
Async<Answer> ledger_resume(Services& services, const Call& call);    // POST /v1/ledger/resume
Async<Answer> ledger_who(Services& services, const Call& call);       // POST /v1/ledger/who
Async<Answer> anchor(Services& services, const Call& call);           // GET  /v1/anchor
Async<Answer> anchor_accept(Services& services, const Call& call);    // POST /v1/anchor/accept
Async<Answer> enroll_host(Services& services, const Call& call);      // GET  /v1/enroll/host
Async<Answer> enroll_activate(Services& services, const Call& call);  // POST /v1/enroll/activate
Async<Answer> list_approvals(Services& services, const Call& call);   // GET  /v1/approvals
Async<Answer> show_approval(Services& services, const Call& call);    // GET  /v1/approvals/{name}
Async<Answer> approve(Services& services, const Call& call);          // POST …/approve
Async<Answer> deny(Services& services, const Call& call);             // POST …/deny
Async<Answer> heartbeat(Services& services, const Call& call);        // POST /v1/heartbeat
Async<Answer> security_event(Services& services, const Call& call);   // POST /v1/security-events

// Once, before the first connection is served: containment from the registry (synchronous, before
// the first suspension), declared agents from their files, unfinished containment, a "start"
// record. Agents whose file changed since it was applied stay out of force until `apply`.
Async<std::monostate> start(Services& services);

// Completes what a containment verb could not finish (ledger, fuse, blob). Called by start, and
// again every few seconds while anything is unsettled. An Error says what is still open.
Async<std::monostate> settle(Services& services);
bool unsettled(const Services& services);

// After each start of the token's worker: a key whose attributes read otherwise than when it was
// made has another custody from then on, recorded.
Async<std::monostate> take_custody(Services& services);

// Launched agents, by themselves: what the launcher tells; an instance whose code is not what was
// launched any more (over in memory when this first suspends); a launcher that was replaced.
Async<std::monostate> instance_notice(Services& services, LaunchNotice notice);
Async<std::monostate> session_over(Services& services, std::string instance, std::string reason);
Async<std::monostate> take_over_instances(Services& services);
// Every tree of what runs, whole, by the measurer; a changed one ends the sessions of its
// instances.
Async<std::monostate> recheck_trees(Services& services);

// The connection says that this answer's signature never left: a "withheld" record follows.
Async<std::uint64_t> record_withheld(Services& services, std::uint64_t sequence,
                                     std::string reason);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_HANDLERS_H
