// Handlers nobody calls: the table of routes names them, and the request target wants only the
// table.
#include <cstdlib>

#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {

Async<Answer> whoami(Services&, const Call&) {
    std::abort();
}
Async<Answer> credential(Services&, const Call&) {
    std::abort();
}
Async<Answer> sign_action(Services&, const Call&) {
    std::abort();
}
Async<Answer> evidence(Services&, const Call&) {
    std::abort();
}
Async<Answer> wait_approval(Services&, const Call&) {
    std::abort();
}
Async<Answer> list_approvals(Services&, const Call&) {
    std::abort();
}
Async<Answer> show_approval(Services&, const Call&) {
    std::abort();
}
Async<Answer> approve(Services&, const Call&) {
    std::abort();
}
Async<Answer> deny(Services&, const Call&) {
    std::abort();
}
Async<Answer> openapi(Services&, const Call&) {
    std::abort();
}
Async<Answer> crl(Services&, const Call&) {
    std::abort();
}
Async<Answer> tombstone(Services&, const Call&) {
    std::abort();
}
Async<Answer> ledger_who(Services&, const Call&) {
    std::abort();
}
Async<Answer> status(Services&, const Call&) {
    std::abort();
}
Async<Answer> list_policies(Services&, const Call&) {
    std::abort();
}
Async<Answer> list_agents(Services&, const Call&) {
    std::abort();
}
Async<Answer> show_agent(Services&, const Call&) {
    std::abort();
}
Async<Answer> apply(Services&, const Call&) {
    std::abort();
}
Async<Answer> suspend(Services&, const Call&) {
    std::abort();
}
Async<Answer> reinstate(Services&, const Call&) {
    std::abort();
}
Async<Answer> revoke(Services&, const Call&) {
    std::abort();
}
Async<Answer> retire(Services&, const Call&) {
    std::abort();
}
Async<Answer> ledger_head(Services&, const Call&) {
    std::abort();
}
Async<Answer> ledger_resume(Services&, const Call&) {
    std::abort();
}
Async<Answer> anchor(Services&, const Call&) {
    std::abort();
}
Async<Answer> heartbeat(Services&, const Call&) {
    std::abort();
}
Async<Answer> security_event(Services&, const Call&) {
    std::abort();
}
Async<Answer> anchor_accept(Services&, const Call&) {
    std::abort();
}
Async<Answer> enroll_host(Services&, const Call&) {
    std::abort();
}
Async<Answer> enroll_activate(Services&, const Call&) {
    std::abort();
}
Async<Answer> launch(Services&, const Call&) {
    std::abort();
}
Async<Answer> stop(Services&, const Call&) {
    std::abort();
}
Async<Answer> kill(Services&, const Call&) {
    std::abort();
}
Async<Answer> throttle(Services&, const Call&) {
    std::abort();
}
Async<Answer> approval_only(Services&, const Call&) {
    std::abort();
}
Async<Answer> contain(Services&, const Call&) {
    std::abort();
}
Async<Answer> list_instances(Services&, const Call&) {
    std::abort();
}
Async<Answer> store_import(Services&, const Call&) {
    std::abort();
}
Async<Answer> store_list(Services&, const Call&) {
    std::abort();
}
Async<Answer> store_collect(Services&, const Call&) {
    std::abort();
}
Async<Answer> store_check(Services&, const Call&) {
    std::abort();
}

}  // namespace holdfast::daemon::handlers
