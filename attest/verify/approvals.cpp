// verify_approvals: an action's record, and whether operators approved exactly that action.
#include "policy/approvals.h"

#include "attest/verify/rules.h"
#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "ledger/record.h"

namespace holdfast::attest {
namespace {

struct Approved {
    ledger::Record record;
    Statement statement;
    policy::SignedApproval approval;
};

Result<Approved> read(std::string_view text) {
    HOLDFAST_TRY(record, ledger::decode_record(view_of(text)));
    if (record.type != "action") return Error(Code::invalid, "not a record of an action");
    const auto statement_at = record.members.find("statement");
    const auto approvals_at = record.members.find("approvals");
    if (statement_at == record.members.end() || approvals_at == record.members.end())
        return Error(Code::invalid, "a record without approvals");
    HOLDFAST_TRY(statement, encode::statement_from(statement_at->second));
    HOLDFAST_TRY(approval, policy::signed_approval_from(approvals_at->second));
    return Approved{std::move(record), std::move(statement), std::move(approval)};
}

bool is_of(const policy::ApprovalDocument& document, const Statement& statement) {
    return document.agent == statement.agent && document.code == statement.measurement &&
           document.assurance == statement.assurance && document.action == statement.action;
}

void check_people(Sheet& sheet, const policy::SignedApproval& approval,
                  const Result<policy::Operators>& operators) {
    if (!sheet.check("approvals.operators", operators ? done() : Done(Error(operators.error())),
                     "operators.toml is read"))
        return;
    const Done checked = policy::check_approvals(approval, *operators);
    const bool only_too_few = !checked && checked.error().reason() == "too_few_approvals";
    sheet.check("approvals.signatures", only_too_few ? done() : checked,
                "each an SSHSIG over the document, of another operator who is asked");
    sheet.check("approvals.enough", checked,
                std::to_string(approval.signatures.size()) + " of " +
                    std::to_string(approval.document.demand.approvals));
}

void note(Appraisal& appraisal, const policy::SignedApproval& approval) {
    std::string people;
    for (const policy::ApprovalSignature& signature : approval.signatures)
        people += (people.empty() ? "" : ", ") + signature.by;
    appraisal.subject = approval.document.agent;
    appraisal.claims["action"] = approval.document.action.action;
    appraisal.claims["approval"] = approval.document.id;
    appraisal.claims["approved_by"] = std::move(people);
    appraisal.claims["measurement"] = encode::hex(approval.document.code);
}

}  // namespace

Result<Appraisal> verify_approvals(std::string_view record, std::string_view operators_toml,
                                   const Expectations& expected) {
    Sheet sheet({approval_rules}, expected.profile);
    if (expected.agent) sheet.require("approvals.agent");
    const auto approved = read(record);
    if (!sheet.check("approvals.record", approved ? done() : Done(Error(approved.error())),
                     "the record of an action, as the ledger keeps it"))
        return std::move(sheet.appraisal());
    const policy::ApprovalDocument& document = approved->approval.document;
    const Statement& statement = approved->statement;
    sheet.check("approvals.action", is_of(document, statement),
                "agent, code and action of the statement are those approved");
    check_people(sheet, approved->approval,
                 policy::Operators::parse("operators.toml", operators_toml));
    sheet.check("approvals.time",
                approved->record.time < document.expires && statement.time < document.expires,
                "recorded at " + std::to_string(approved->record.time) + ", good until " +
                    std::to_string(document.expires));
    if (expected.agent)
        sheet.check("approvals.agent", document.agent == *expected.agent, document.agent);
    else
        sheet.skip("approvals.agent", "no agent was expected");
    if (sheet.passed("approvals.enough")) note(sheet.appraisal(), approved->approval);
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
