#include "api/approval_messages.h"

#include "api/request.h"
#include "core/encode/fields.h"

namespace holdfast::api {
namespace {

using encode::Json;

Result<WaitRequest> read_wait(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "wait request"));
    HOLDFAST_TRY(wait_s, fields.integer("wait_s", 0, max_approval_wait));
    HOLDFAST_CHECK(fields.finish());
    return WaitRequest{wait_s};
}

Result<ApproveRequest> read_approve(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "approve request"));
    HOLDFAST_TRY(signature, fields.text("signature", max_armored_approval));
    HOLDFAST_CHECK(fields.finish());
    return ApproveRequest{std::move(signature)};
}

Result<DenyRequest> read_deny(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "deny request"));
    HOLDFAST_TRY(reason, fields.text_or("reason", "", max_denial));
    HOLDFAST_CHECK(fields.finish());
    return DenyRequest{std::move(reason)};
}

Json::Object common(const Approval& approval) {
    Json::Object object;
    object["approval"] = approval.id;
    object["expires_at"] = approval.expires;
    object["needed"] = approval.needed;
    object["state"] = approval.state;
    if (!approval.reason.empty()) object["reason"] = approval.reason;
    if (!approval.document.empty()) object["document"] = approval.document;
    return object;
}

}  // namespace

Result<WaitRequest> wait_request(std::string_view body) {
    return read_request(body, read_wait);
}

Result<ApproveRequest> approve_request(std::string_view body) {
    return read_request(body, read_approve);
}

Result<DenyRequest> deny_request(std::string_view body) {
    return read_request(body, read_deny);
}

Json for_agent(const Approval& approval) {
    Json::Object object = common(approval);
    object["approved"] = static_cast<std::int64_t>(approval.approved_by.size());
    return object;
}

Json for_operator(const Approval& approval) {
    Json::Object object = common(approval);
    object["action"] = approval.action;
    object["agent"] = approval.agent;
    object["approved_by"] = Json::Array(approval.approved_by.begin(), approval.approved_by.end());
    object["approvers"] = approval.approvers;
    object["audience"] = approval.audience;
    if (!approval.denied_by.empty()) object["denied_by"] = approval.denied_by;
    return object;
}

Json for_operator(const std::vector<Approval>& approvals) {
    Json::Array rows;
    for (const Approval& approval : approvals)
        rows.push_back(for_operator(approval));
    Json::Object object;
    object["approvals"] = std::move(rows);
    return object;
}

}  // namespace holdfast::api
