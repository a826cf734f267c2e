#include "daemon/handlers/approvals.h"

#include "api/approval_messages.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "daemon/handlers/approving.h"
#include "daemon/handlers/permission.h"

namespace holdfast::daemon::handlers {
namespace {

// Everything an operator will see, without id and end.
policy::ApprovalDocument document_of(const Services& services, const Call& call, Action action,
                                     policy::Demand demand) {
    const Measurement& measurement = call.instance->view.measurement;
    policy::ApprovalDocument document;
    document.host = services.settings.trust_domain();
    document.agent = spiffe_id(services, call.instance->agent);
    document.uid = call.peer.uid;
    document.code = measurement.digest;
    document.assurance = measurement.assurance;
    document.action = std::move(action);
    document.demand = std::move(demand);
    return document;
}

// It is in the table from here on; the id is its own.
Result<api::Approval> add_approval(Services& services, const Call& call,
                                   policy::ApprovalDocument document) {
    HOLDFAST_TRY(random, crypto::random_bytes(policy::approval_id_bytes));
    document.id = policy::approval_id(random);
    document.expires = services.now() + services.settings.approvals_expire_s;
    HOLDFAST_TRY(approval, policy::Approval::ask(std::move(document)));
    api::Approval shown = shown_approval(approval, services.now());
    shown.document = approval.text();
    HOLDFAST_CHECK(
        services.ongoing.approvals.add(call.instance->agent, std::move(approval), services.now()));
    return shown;
}

encode::Json::Object asked_record(const Call& call, const api::Approval& shown) {
    encode::Json::Object record;
    record["agent"] = call.instance->agent;
    record["action"] = shown.action;
    record["approval"] = shown.id;
    record["approvers"] = shown.approvers;
    record["audience"] = shown.audience;
    record["document_sha256"] = encode::hex(crypto::sha256(view_of(shown.document)));
    record["expires"] = shown.expires;
    record["instance"] = call.instance->id;
    record["needed"] = shown.needed;
    record["what"] = "asked";
    return record;
}

}  // namespace

policy::Demand demand_of(const Services& services, const Caller& caller,
                         const policy::Decision& decision) {
    if (!services.containment.demand_of(caller.row->name).approval) return decision.demand;
    const policy::Demand contained{1, "", caller.file->accountability.can_stop};
    return policy::stricter(decision.demand, contained);
}

bool must_ask(const policy::Demand& demand, const api::ActionRequest& request) {
    return demand.approvals > 0 && request.approval.empty();
}

Done approval_fits(const Services& services, const Call& call, const api::ActionRequest& request,
                   const policy::Demand& demand) {
    if (request.approval.empty()) return done();
    HOLDFAST_TRY(kept, services.ongoing.approvals.find_of(call.instance->agent, request.approval));
    const auto wanted = document_of(services, call, request.action, demand);
    return kept->approval.fits(wanted, services.operators, services.now());
}

Async<Answer> ask_approval(Services& services, const Call& call, Action action,
                           policy::Decision decision, policy::Demand demand) {
    encode::Json::Object asked;
    asked["action"] = action.action;
    asked["audience"] = action.audience;
    asked["rule"] = rule_of(decision);
    auto document = document_of(services, call, std::move(action), std::move(demand));
    document.rule = rule_of(decision);
    auto shown = add_approval(services, call, std::move(document));
    if (!shown) {
        Refused refused{"action", std::move(asked), std::move(shown).error()};
        co_return co_await refuse(services, call, std::move(refused));
    }
    auto recorded = co_await services.ledger.append("approval", asked_record(call, *shown));
    if (!recorded) {
        // What nobody can look up later is not asked for.
        services.ongoing.approvals.remove(shown->id);
        co_return std::move(recorded).error().within("record");
    }
    constexpr int accepted = 202;
    Answer answer = json_answer(api::for_agent(*shown));
    answer.status = accepted;
    co_return answer;
}

encode::Json approval_record(Services& services, const std::string& id) {
    const auto kept = services.ongoing.approvals.find(id);
    return kept ? policy::to_json((*kept)->approval.signed_so_far()) : encode::Json();
}

void use_approval(Services& services, const std::string& id) {
    if (id.empty()) return;
    const auto kept = services.ongoing.approvals.find(id);
    if (!kept) return;
    (*kept)->approval.use();
    services.ongoing.approvals.changed(id);
}

Async<std::monostate> expire_approvals(Services& services) {
    Approvals& approvals = services.ongoing.approvals;
    const auto ids = approvals.newly_expired(services.now());
    for (const std::string& id : ids) {
        approvals.changed(id);
        encode::Json::Object record;
        record["approval"] = id;
        record["what"] = "expired";
        HOLDFAST_CO_CHECK(co_await services.ledger.append("approval", std::move(record)));
    }
    co_return done();
}

}  // namespace holdfast::daemon::handlers
