// Approvals: is this signature an approval of this document, and are there enough of them?
#ifndef HOLDFAST_POLICY_APPROVALS_H
#define HOLDFAST_POLICY_APPROVALS_H

#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "policy/approval_document.h"
#include "policy/operators.h"

namespace holdfast::policy {

// All signatures of one document together, as SSHSIG blobs: 16 of any key but large RSA ones.
inline constexpr std::size_t max_approval_signatures = 10UL * 1024;

struct ApprovalSignature {
    std::string by;   // operator
    std::string key;  // its fingerprint, as `ssh-keygen -l` shows it
    Bytes sshsig;     // blob
    friend bool operator==(const ApprovalSignature&, const ApprovalSignature&) = default;
};

// One document and those who signed it: what a record keeps, and anybody can check again.
struct SignedApproval {
    ApprovalDocument document;
    std::vector<ApprovalSignature> signatures;
};

// May this operator approve it? denied: self_approval (the agent's own uid or name),
// not_an_approver.
Done may_approve(const ApprovalDocument& document, const Operator& who);

// A further signature, blob or armored. denied: unknown_signer, wrong_namespace, bad_signature,
// self_approval, not_an_approver, duplicate_approver; invalid: malformed_signature,
// signatures_too_long.
Result<ApprovalSignature> check_approval(const SignedApproval& so_far, const Operators& operators,
                                         ByteView sshsig);

// Every signature again, by these operators: enough of them, each of another operator who may, and
// each by whom it says. denied, too_few_approvals besides the reasons above.
Done check_approvals(const SignedApproval& approval, const Operators& operators);

// {"document": …, "signatures": [{"by", "key", "sshsig": base64}]}: the member "approvals" of an
// action's record.
encode::Json to_json(const SignedApproval& approval);
Result<SignedApproval> signed_approval_from(const encode::Json& json);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_APPROVALS_H
