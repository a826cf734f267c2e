#include "policy/approvals.h"

#include <algorithm>
#include <utility>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/sshsig.h"
#include "holdfast/agent_id.h"
#include "policy/agent_file.h"

namespace holdfast::policy {
namespace {

using encode::Json;

constexpr std::size_t max_fingerprint = 128;
constexpr std::string_view armor = "-----BEGIN SSH SIGNATURE-----";

Error refused(const std::string& reason, std::string text) {
    return Error(Code::denied, "approval: " + std::move(text)).because(reason);
}

bool contains(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::find(names, name) != names.end();
}

bool is_the_agent(const ApprovalDocument& document, const Operator& who) {
    const auto agent = parse_agent_id(document.agent);
    // An agent that cannot be read cannot be told from anybody.
    if (!agent || who.name == document.agent || who.name == agent->name) return true;
    return std::ranges::find(who.uids, document.uid) != who.uids.end();
}

bool is_asked(const Demand& demand, const Operator& who) {
    if (!demand.people.empty()) return contains(demand.people, who.name);
    return !demand.approvers.empty() && contains(who.groups, demand.approvers);
}

Result<Bytes> blob_of(ByteView sshsig) {
    if (!text_of(sshsig).starts_with(armor)) return bytes_of(sshsig);
    auto blob = encode::parse_armored_sshsig(text_of(sshsig));
    if (!blob) return std::move(blob).error().because("malformed_signature");
    return blob;
}

Done check_room(const SignedApproval& so_far, const Bytes& blob) {
    std::size_t size = blob.size();
    for (const ApprovalSignature& signature : so_far.signatures)
        size += signature.sshsig.size();
    if (size <= max_approval_signatures) return done();
    return Error(Code::invalid, "approval: its signatures have more than " +
                                    std::to_string(max_approval_signatures) + " bytes together")
        .because("signatures_too_long");
}

Json signature_json(const ApprovalSignature& signature) {
    Json::Object object;
    object["by"] = signature.by;
    object["key"] = signature.key;
    object["sshsig"] = encode::base64(signature.sshsig);
    return object;
}

Result<ApprovalSignature> signature_from(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "signature"));
    HOLDFAST_TRY(by, fields.text("by", max_principal));
    HOLDFAST_TRY(key, fields.text("key", max_fingerprint));
    HOLDFAST_TRY(text, fields.text("sshsig", 2 * max_approval_signatures));
    HOLDFAST_TRY(sshsig, encode::from_base64(text));
    HOLDFAST_CHECK(fields.finish());
    return ApprovalSignature{std::move(by), std::move(key), std::move(sshsig)};
}

}  // namespace

Done may_approve(const ApprovalDocument& document, const Operator& who) {
    if (is_the_agent(document, who))
        return refused("self_approval", who.name + " is " + document.agent + " itself");
    if (!is_asked(document.demand, who))
        return refused("not_an_approver", who.name + " is not among those who are asked");
    return done();
}

Result<ApprovalSignature> check_approval(const SignedApproval& so_far, const Operators& operators,
                                         ByteView sshsig) {
    HOLDFAST_TRY(message, write_approval_document(so_far.document));
    HOLDFAST_TRY(blob, blob_of(sshsig));
    HOLDFAST_TRY(signer, operators.signer(approval_namespace, view_of(message), blob));
    HOLDFAST_CHECK(may_approve(so_far.document, *signer.who));
    const std::string& name = signer.who->name;
    if (std::ranges::find(so_far.signatures, name, &ApprovalSignature::by) !=
        so_far.signatures.end())
        return refused("duplicate_approver", name + " has approved it already");
    HOLDFAST_CHECK(check_room(so_far, blob));
    return ApprovalSignature{name, signer.fingerprint, std::move(blob)};
}

Done check_approvals(const SignedApproval& approval, const Operators& operators) {
    SignedApproval so_far{approval.document, {}};
    for (const ApprovalSignature& signature : approval.signatures) {
        HOLDFAST_TRY(checked, check_approval(so_far, operators, signature.sshsig));
        if (checked != signature)
            return refused("unknown_signer", "signed by " + checked.by + " with " + checked.key +
                                                 ", not as stated by " + signature.by);
        so_far.signatures.push_back(std::move(checked));
    }
    const std::size_t needed = approval.document.demand.approvals;
    if (so_far.signatures.size() >= needed) return done();
    return refused("too_few_approvals", std::to_string(so_far.signatures.size()) + " of " +
                                            std::to_string(needed) + " operators approved it");
}

Json to_json(const SignedApproval& approval) {
    Json::Array signatures;
    for (const ApprovalSignature& signature : approval.signatures)
        signatures.push_back(signature_json(signature));
    Json::Object object;
    object["document"] = to_json(approval.document);
    object["signatures"] = std::move(signatures);
    return object;
}

Result<SignedApproval> signed_approval_from(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "approvals"));
    SignedApproval approval;
    HOLDFAST_TRY(object, fields.object("document"));
    HOLDFAST_TRY(document, approval_document_from(*object));
    // What was signed is the one text of this document: a record shows that, or nothing.
    if (encode::canonical(to_json(document)) != encode::canonical(*object))
        return Error(Code::invalid, "approvals: the document is not as it is written");
    HOLDFAST_TRY(array, fields.array("signatures"));
    HOLDFAST_CHECK(fields.finish());
    if (array->array()->size() > max_approvals)
        return Error(Code::invalid, "approvals: more signatures than can be asked for");
    for (const Json& element : *array->array()) {
        HOLDFAST_TRY(signature, signature_from(element));
        approval.signatures.push_back(std::move(signature));
    }
    approval.document = std::move(document);
    return approval;
}

}  // namespace holdfast::policy
