// Approval: one request for approval, from asked to used. It decides; who keeps it is another
// matter.
#ifndef HOLDFAST_POLICY_APPROVAL_H
#define HOLDFAST_POLICY_APPROVAL_H

#include <cstdint>
#include <string>
#include <string_view>

#include "holdfast/result.h"
#include "policy/approvals.h"

namespace holdfast::policy {

inline constexpr std::size_t max_denial_reason = 255;

enum class ApprovalState : std::uint8_t {
    pending = 1,  // not yet enough operators
    approved,     // enough; the action may be signed once
    denied,       // one operator said no
    used,         // its action was recorded
    expired,      // its moment passed before that; for good, also when the clock goes back
};
std::string_view to_string(ApprovalState state) noexcept;

class Approval {
  public:
    // As write_approval_document.
    static Result<Approval> ask(ApprovalDocument document);

    const ApprovalDocument& document() const noexcept { return approval_.document; }
    const std::string& text() const noexcept { return text_; }  // the bytes to sign
    const SignedApproval& signed_so_far() const noexcept { return approval_; }
    ApprovalState state(std::int64_t now) const noexcept;
    bool is_open(std::int64_t now) const noexcept;  // pending or approved
    bool can_expire() const noexcept { return !is_used_ && !is_denied_; }
    const std::string& denied_by() const noexcept { return denied_by_; }
    const std::string& denial() const noexcept { return denial_; }  // why, in that operator's words

    // One more operator, by an SSHSIG over text(). What no longer takes one: conflict,
    // already_approved; denied, approval_expired, approval_denied, approval_used. Else as
    // check_approval.
    Result<ApprovalSignature> approve(const Operators& operators, ByteView sshsig,
                                      std::int64_t now);

    // An open one is over. invalid, malformed_request: a reason too long or not in one line.
    Done deny(std::string by, std::string reason, std::int64_t now);

    // May this be signed on the strength of it, by what operators.toml says now? denied:
    // approval_pending, approval_expired, approval_denied, approval_used, approval_mismatch (it was
    // given for another action, other code, another agent, or less than is demanded now), or a
    // reason of check_approvals.
    Done fits(const ApprovalDocument& wanted, const Operators& operators, std::int64_t now) const;

    // Single use, whatever becomes of the action.
    const SignedApproval& use() noexcept;

  private:
    Approval(ApprovalDocument document, std::string text)
        : approval_{std::move(document), {}}, text_(std::move(text)) {}
    Done can_go_on(std::int64_t now) const;

    SignedApproval approval_;
    std::string text_;
    std::string denied_by_, denial_;
    bool is_denied_ = false;
    bool is_used_ = false;
    mutable bool is_expired_ = false;  // whoever asks first sees it end for all
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_APPROVAL_H
