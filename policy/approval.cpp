#include "policy/approval.h"

#include <algorithm>
#include <utility>

#include "core/encode/utf8.h"

namespace holdfast::policy {
namespace {

Error refused(const std::string& reason, const std::string& text, Retry retry = Retry::never) {
    return Error(Code::denied, "approval: " + text, retry).because(reason);
}

Done check_reason(const std::string& reason) {
    const bool control = std::ranges::any_of(
        reason, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
    if (reason.size() <= max_denial_reason && !control && encode::is_utf8(reason)) return done();
    return Error(Code::invalid, "reason: one line of at most 255 bytes")
        .because("malformed_request");
}

// Everything an operator saw and signed, but what makes this request a request of its own.
bool is_same_act(const ApprovalDocument& given, const ApprovalDocument& wanted) {
    return given.host == wanted.host && given.agent == wanted.agent && given.uid == wanted.uid &&
           given.code == wanted.code && given.assurance == wanted.assurance &&
           given.action == wanted.action;
}

// Policy may have changed since it was asked for: what was given must be enough today.
bool is_enough(const Demand& given, const Demand& wanted) {
    if (wanted.approvals == 0) return true;
    return given.approvals >= wanted.approvals && given.approvers == wanted.approvers &&
           given.people == wanted.people;
}

}  // namespace

std::string_view to_string(ApprovalState state) noexcept {
    switch (state) {
        case ApprovalState::pending: return "pending";
        case ApprovalState::approved: return "approved";
        case ApprovalState::denied: return "denied";
        case ApprovalState::used: return "used";
        case ApprovalState::expired: break;
    }
    return "expired";
}

Result<Approval> Approval::ask(ApprovalDocument document) {
    HOLDFAST_TRY(text, write_approval_document(document));
    // What nobody could read back must not be put before anybody to sign.
    HOLDFAST_CHECK(parse_approval_document(text));
    return Approval(std::move(document), std::move(text));
}

ApprovalState Approval::state(std::int64_t now) const noexcept {
    if (is_used_) return ApprovalState::used;
    if (is_denied_) return ApprovalState::denied;
    if (now >= approval_.document.expires) is_expired_ = true;
    if (is_expired_) return ApprovalState::expired;
    const bool enough = approval_.signatures.size() >= approval_.document.demand.approvals;
    return enough ? ApprovalState::approved : ApprovalState::pending;
}

bool Approval::is_open(std::int64_t now) const noexcept {
    const ApprovalState at = state(now);
    return at == ApprovalState::pending || at == ApprovalState::approved;
}

Done Approval::can_go_on(std::int64_t now) const {
    switch (state(now)) {
        case ApprovalState::used:
            return refused("approval_used",
                           document().id + " was used: an approval is for one use");
        case ApprovalState::denied:
            return refused("approval_denied", document().id + " was denied by " + denied_by_);
        case ApprovalState::expired: return refused("approval_expired", document().id + " expired");
        case ApprovalState::pending:
        case ApprovalState::approved: break;
    }
    return done();
}

Result<ApprovalSignature> Approval::approve(const Operators& operators, ByteView sshsig,
                                            std::int64_t now) {
    HOLDFAST_CHECK(can_go_on(now));
    HOLDFAST_TRY(signature, check_approval(approval_, operators, sshsig));
    if (state(now) == ApprovalState::approved)
        return Error(Code::conflict, "approval: enough operators have approved it already")
            .because("already_approved");
    approval_.signatures.push_back(signature);
    return signature;
}

Done Approval::deny(std::string by, std::string reason, std::int64_t now) {
    HOLDFAST_CHECK(can_go_on(now));
    HOLDFAST_CHECK(check_reason(reason));
    is_denied_ = true;
    denied_by_ = std::move(by);
    denial_ = std::move(reason);
    return done();
}

Done Approval::fits(const ApprovalDocument& wanted, const Operators& operators,
                    std::int64_t now) const {
    HOLDFAST_CHECK(can_go_on(now));
    if (!is_same_act(document(), wanted))
        return refused("approval_mismatch", document().id + " is for another action or other code");
    if (!is_enough(document().demand, wanted.demand))
        return refused("approval_mismatch",
                       "more is demanded now than " + document().id + " gives");
    if (state(now) == ApprovalState::pending)
        return refused("approval_pending", document().id + " waits for operators", Retry::later);
    return check_approvals(approval_, operators);
}

const SignedApproval& Approval::use() noexcept {
    is_used_ = true;
    return approval_;
}

}  // namespace holdfast::policy
