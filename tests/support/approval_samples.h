// What operators are asked to approve: a refund by an agent of host.test.
#ifndef HOLDFAST_TESTS_SUPPORT_APPROVAL_SAMPLES_H
#define HOLDFAST_TESTS_SUPPORT_APPROVAL_SAMPLES_H

#include "policy/approval.h"

namespace holdfast::tests {

inline constexpr std::int64_t document_end = 1'700'000'900;

inline policy::ApprovalDocument document(unsigned needed = 2) {
    policy::ApprovalDocument wanted;
    wanted.id = policy::approval_id(Bytes(policy::approval_id_bytes, 0xab));
    wanted.host = "host.test";
    wanted.agent = "spiffe://host.test/agent/refund-bot";
    wanted.uid = 5000;
    wanted.code.fill(0xcc);
    wanted.action.action = "refund.create";
    wanted.action.audience = "https://payments.example";
    wanted.action.params = R"({"amount":50})";
    wanted.rule = "payments:refund";
    wanted.demand = {needed, "finance", {}};
    wanted.expires = document_end;
    return wanted;
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_APPROVAL_SAMPLES_H
