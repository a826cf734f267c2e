// ApprovalDocument: what an operator signs to approve one action of one agent, once.
#ifndef HOLDFAST_POLICY_APPROVAL_DOCUMENT_H
#define HOLDFAST_POLICY_APPROVAL_DOCUMENT_H

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/action.h"
#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "policy/demand.h"

namespace holdfast::policy {

// Of the SSHSIG (OpenSSH's PROTOCOL.sshsig), so that no signature made for another use approves.
inline constexpr std::string_view approval_namespace = "holdfast-approval";
// Beside it the statement and the signatures have room in one record (ledger::max_record).
inline constexpr std::size_t max_approval_document = 16UL * 1024;
inline constexpr std::size_t approval_id_bytes = 16;  // random
inline constexpr std::size_t max_approval_people = 64;

// The whole of it is signed: another parameter, agent, code or moment is another document.
struct ApprovalDocument {
    std::string id;     // "ap-" and 32 lower-case hex digits: fits into a path as agents' names do
    std::string host;   // trust domain
    std::string agent;  // SPIFFE ID
    uid_t uid = 0;      // of the agent's process: nobody approves for themselves
    Sha256 code{};      // measurement of the instance that asked
    Assurance assurance = Assurance::observed;
    Action action;
    std::string rule;  // which permit asks for the approvals
    Demand demand;
    std::int64_t expires = 0;  // Unix seconds; from then on it approves nothing
};

std::string approval_id(ByteView random);
bool is_approval_id(std::string_view id) noexcept;

encode::Json to_json(const ApprovalDocument& document);

// The bytes to sign: canonical JSON (RFC 8785). invalid, too_large_to_approve past
// max_approval_document; bad_demand without approvals or anybody to give them, or with too many.
Result<std::string> write_approval_document(const ApprovalDocument& document);

// invalid: not exactly what the writer writes, unknown members, a value out of its bounds.
Result<ApprovalDocument> parse_approval_document(std::string_view text);
Result<ApprovalDocument> approval_document_from(const encode::Json& json);

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_APPROVAL_DOCUMENT_H
