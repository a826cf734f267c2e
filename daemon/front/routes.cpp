#include "daemon/front/routes.h"

#include <array>

#include "daemon/handlers/handlers.h"

namespace holdfast::daemon {
namespace {

constexpr std::size_t none = 0;
constexpr std::size_t small = 4UL * 1024;
constexpr std::size_t full = encode::max_request_body;
constexpr bool recognised = true;
constexpr bool anyone = false;  // whoever the socket's file mode lets in

using Allowed::admin;
using Allowed::agent;
using Allowed::both;

constexpr std::array<Route, 41> table = {{
    {"GET", "/v1/whoami", agent, none, recognised, handlers::whoami},
    {"POST", "/v1/credential", agent, small, recognised, handlers::credential},
    {"POST", "/v1/actions", agent, full, recognised, handlers::sign_action},
    {"POST", "/v1/evidence", agent, small, recognised, handlers::evidence},
    {"POST", "/v1/approvals/{name}/wait", agent, small, recognised, handlers::wait_approval},
    {"GET", "/v1/openapi.json", both, none, anyone, handlers::openapi},
    {"GET", "/v1/crl", both, none, anyone, handlers::crl},
    {"GET", "/v1/tombstones/{name}", both, none, anyone, handlers::tombstone},

    {"GET", "/v1/status", admin, none, anyone, handlers::status},
    {"GET", "/v1/agents", admin, none, anyone, handlers::list_agents},
    {"GET", "/v1/policies", admin, none, anyone, handlers::list_policies},
    {"GET", "/v1/agents/{name}", admin, none, anyone, handlers::show_agent},
    {"POST", "/v1/apply", admin, small, anyone, handlers::apply},
    {"POST", "/v1/agents/{name}/suspend", admin, small, anyone, handlers::suspend},
    {"POST", "/v1/agents/{name}/reinstate", admin, small, anyone, handlers::reinstate},
    {"POST", "/v1/agents/{name}/revoke", admin, small, anyone, handlers::revoke},
    {"POST", "/v1/agents/{name}/retire", admin, small, anyone, handlers::retire},
    {"POST", "/v1/agents/{name}/launch", admin, small, anyone, handlers::launch},
    {"POST", "/v1/agents/{name}/stop", admin, small, anyone, handlers::stop},
    {"POST", "/v1/agents/{name}/kill", admin, small, anyone, handlers::kill},
    {"POST", "/v1/agents/{name}/throttle", admin, small, anyone, handlers::throttle},
    {"POST", "/v1/agents/{name}/approval-only", admin, small, anyone, handlers::approval_only},
    {"POST", "/v1/contain", admin, small, anyone, handlers::contain},
    {"POST", "/v1/heartbeat", admin, small, anyone, handlers::heartbeat},
    {"POST", "/v1/security-events", admin, full, anyone, handlers::security_event},
    {"GET", "/v1/instances", admin, none, anyone, handlers::list_instances},
    {"GET", "/v1/approvals", admin, none, anyone, handlers::list_approvals},
    {"GET", "/v1/approvals/{name}", admin, none, anyone, handlers::show_approval},
    {"POST", "/v1/approvals/{name}/approve", admin, small, anyone, handlers::approve},
    {"POST", "/v1/approvals/{name}/deny", admin, small, anyone, handlers::deny},
    {"GET", "/v1/store", admin, none, anyone, handlers::store_list},
    {"POST", "/v1/store/import", admin, full, anyone, handlers::store_import},
    {"POST", "/v1/store/collect", admin, small, anyone, handlers::store_collect},
    {"POST", "/v1/store/check", admin, small, anyone, handlers::store_check},
    {"GET", "/v1/ledger/head", admin, none, anyone, handlers::ledger_head},
    {"POST", "/v1/ledger/resume", admin, small, anyone, handlers::ledger_resume},
    {"POST", "/v1/ledger/who", admin, small, anyone, handlers::ledger_who},
    {"GET", "/v1/anchor", admin, none, anyone, handlers::anchor},
    {"POST", "/v1/anchor/accept", admin, small, anyone, handlers::anchor_accept},
    {"GET", "/v1/enroll/host", admin, none, anyone, handlers::enroll_host},
    {"POST", "/v1/enroll/activate", admin, small, anyone, handlers::enroll_activate},
}};

}  // namespace

std::span<const Route> routes() {
    return table;
}

}  // namespace holdfast::daemon
