// GET /v1/approvals, GET /v1/approvals/{name}, POST …/approve, …/deny; and the agent's POST …/wait.
#include "daemon/handlers/approving.h"

#include "daemon/handlers/approvals.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {
namespace {

encode::Json::Object record_of(const Call& call, const char* what) {
    encode::Json::Object record;
    record["approval"] = call.argument;
    record["principal"] = call.principal;
    record["what"] = what;
    return record;
}

Result<api::Approval> shown_of(Services& services, const std::string& id) {
    HOLDFAST_TRY(kept, services.ongoing.approvals.find(id));
    return shown_approval(kept->approval, services.now());
}

// What an operator tried and may not is on record too; it approves nothing either way.
Async<Answer> refuse_approval(Services& services, const Call& call, Error error) {
    auto record = record_of(call, "refused");
    record["reason"] = error.reason();
    (void)co_await services.ledger.append("approval", std::move(record));
    co_return error;
}

Result<policy::ApprovalSignature> approve_now(Services& services, const Call& call,
                                              const api::ApproveRequest& request) {
    HOLDFAST_TRY(kept, services.ongoing.approvals.find(call.argument));
    HOLDFAST_TRY(signature, kept->approval.approve(services.operators, view_of(request.signature),
                                                   services.now()));
    services.ongoing.approvals.changed(call.argument);
    return signature;
}

// An operator who is asked, or root: no signature is needed to keep something from happening.
Result<std::string> who_denies(const Services& services, const Call& call,
                               const policy::Approval& approval) {
    if (call.principal == "uid:0" || call.principal == "login:0") return call.principal;
    const policy::Operator* who = services.operators.of_principal(call.principal);
    if (who == nullptr)
        return Error(Code::denied, call.principal + " is nobody's login in operators.toml")
            .because("not_an_approver");
    HOLDFAST_CHECK(policy::may_approve(approval.document(), *who));
    return who->name;
}

Result<std::string> deny_now(Services& services, const Call& call, std::string reason) {
    HOLDFAST_TRY(kept, services.ongoing.approvals.find(call.argument));
    HOLDFAST_TRY(by, who_denies(services, call, kept->approval));
    HOLDFAST_CHECK(kept->approval.deny(by, std::move(reason), services.now()));
    services.ongoing.approvals.changed(call.argument);
    return by;
}

bool is_waiting(const Services& services, const Call& call) {
    const auto kept = services.ongoing.approvals.find_of(call.instance->agent, call.argument);
    return kept && (*kept)->approval.state(services.now()) == policy::ApprovalState::pending;
}

}  // namespace

api::Approval shown_approval(const policy::Approval& approval, std::int64_t now) {
    const policy::ApprovalDocument& document = approval.document();
    api::Approval shown;
    shown.id = document.id;
    shown.state = policy::to_string(approval.state(now));
    shown.expires = document.expires;
    shown.needed = document.demand.approvals;
    for (const policy::ApprovalSignature& signature : approval.signed_so_far().signatures)
        shown.approved_by.push_back(signature.by);
    shown.denied_by = approval.denied_by();
    shown.reason = approval.denial();
    shown.agent = document.agent;
    shown.action = document.action.action;
    shown.audience = document.action.audience;
    shown.approvers = *policy::to_json(document).find("approvers");
    return shown;
}

Async<Answer> list_approvals(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    std::vector<api::Approval> shown;
    for (const auto& [id, kept] : services.ongoing.approvals.all())
        shown.push_back(shown_approval(kept.approval, services.now()));
    co_return json_answer(api::for_operator(shown));
}

Async<Answer> show_approval(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    HOLDFAST_CO_TRY(kept, services.ongoing.approvals.find(call.argument));
    api::Approval shown = shown_approval(kept->approval, services.now());
    shown.document = kept->approval.text();
    co_return json_answer(api::for_operator(shown));
}

Async<Answer> approve(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::approve_request(call.body));
    auto signature = approve_now(services, call, request);
    if (!signature) {
        Error error = std::move(signature).error();
        co_return co_await refuse_approval(services, call, std::move(error));
    }
    auto record = record_of(call, "approved");
    record["by"] = signature->by;
    record["key"] = signature->key;
    HOLDFAST_CO_CHECK(co_await services.ledger.append("approval", std::move(record)));
    HOLDFAST_CO_TRY(shown, shown_of(services, call.argument));
    co_return json_answer(api::for_operator(shown));
}

Async<Answer> deny(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::deny_request(call.body));
    auto by = deny_now(services, call, request.reason);
    if (!by) {
        Error error = std::move(by).error();
        co_return co_await refuse_approval(services, call, std::move(error));
    }
    auto record = record_of(call, "denied");
    record["by"] = *std::move(by);
    record["reason"] = std::move(request.reason);
    HOLDFAST_CO_CHECK(co_await services.ledger.append("approval", std::move(record)));
    HOLDFAST_CO_TRY(shown, shown_of(services, call.argument));
    co_return json_answer(api::for_operator(shown));
}

// Each signature wakes it; it answers when the approval is decided or the time is over.
Async<Answer> wait_approval(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(request, api::wait_request(call.body));
    HOLDFAST_CO_CHECK(caller_of(services, call));
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(request.wait_s);
    while (is_waiting(services, call)) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
            until - std::chrono::steady_clock::now());
        if (left.count() <= 0) break;
        HOLDFAST_CO_CHECK(co_await services.ongoing.approvals.change(call.argument, left));
        // A stop, or other code, meanwhile ends what was asked before.
        HOLDFAST_CO_CHECK(same_caller_of(services, call));
    }
    HOLDFAST_CO_TRY(kept, services.ongoing.approvals.find_of(call.instance->agent, call.argument));
    co_return json_answer(api::for_agent(shown_approval(kept->approval, services.now())));
}

}  // namespace holdfast::daemon::handlers
