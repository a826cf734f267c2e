#include "policy/approval_document.h"

#include <algorithm>
#include <utility>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/statement.h"
#include "holdfast/agent_id.h"
#include "policy/agent_file.h"
#include "policy/operators.h"

namespace holdfast::policy {
namespace {

using encode::Json;

constexpr std::string_view id_prefix = "ap-";
constexpr std::size_t max_spiffe_id = 2048;  // SPIFFE-ID §2.3
constexpr std::size_t max_assurance = 32;

Error wrong(std::string_view member, std::string_view why) {
    return {Code::invalid, "approval document: " + std::string(member) + ": " + std::string(why)};
}

Json approvers_of(const Demand& demand) {
    if (demand.people.empty()) return demand.approvers;
    return Json::Array(demand.people.begin(), demand.people.end());
}

Done check_demand(const Demand& demand) {
    const auto bad = [](std::string_view why) {
        return Error(Code::invalid, "approvals: " + std::string(why)).because("bad_demand");
    };
    if (demand.approvals < 1 || demand.approvals > max_approvals)
        return bad("must be 1 to " + std::to_string(max_approvals));
    if (demand.people.empty() == demand.approvers.empty())
        return bad("must be of a group or of named operators");
    if (!demand.people.empty() && demand.people.size() < demand.approvals)
        return bad("more are needed than there are people to give them");
    if (demand.people.size() > max_approval_people) return bad("more than 64 people");
    return done();
}

Result<std::vector<std::string>> people_from(const Json::Array& names) {
    if (names.size() > max_approval_people) return wrong("approvers", "more than 64");
    std::vector<std::string> people;
    for (const Json& name : names) {
        if (name.string() == nullptr || name.string()->empty() ||
            name.string()->size() > max_principal)
            return wrong("approvers", "must be a group or names");
        people.push_back(*name.string());
    }
    return people;
}

Result<Demand> demand_from(encode::Fields& fields) {
    Demand demand;
    HOLDFAST_TRY(needed, fields.integer("needed", 1, max_approvals));
    demand.approvals = static_cast<unsigned>(needed);
    const Json* approvers = fields.any("approvers");
    if (approvers != nullptr && approvers->array() != nullptr) {
        HOLDFAST_TRY(people, people_from(*approvers->array()));
        demand.people = std::move(people);
    } else {
        HOLDFAST_TRY(group, fields.text("approvers", max_group_name));
        demand.approvers = std::move(group);
    }
    HOLDFAST_CHECK(check_demand(demand));
    return demand;
}

Result<Action> action_in(encode::Fields& fields) {
    HOLDFAST_TRY(object, fields.object("action"));
    HOLDFAST_TRY(members, encode::Fields::of(*object, "action"));
    HOLDFAST_TRY(action, encode::action_from(members));
    HOLDFAST_CHECK(members.finish());
    return action;
}

Done read_agent(encode::Fields& fields, ApprovalDocument& document) {
    HOLDFAST_TRY(host, fields.text("host", max_trust_domain));
    HOLDFAST_TRY(agent, fields.text("agent", max_spiffe_id));
    HOLDFAST_TRY(id, parse_agent_id(agent));
    if (id.trust_domain != host) return wrong("agent", "is of another host");
    HOLDFAST_TRY(uid, fields.integer("uid", 0, max_uid));
    HOLDFAST_TRY(code, fields.sha256_hex("code"));
    HOLDFAST_TRY(word, fields.text("assurance", max_assurance));
    HOLDFAST_TRY(assurance, parse_assurance(word));
    document.host = std::move(host);
    document.agent = std::move(agent);
    document.uid = static_cast<uid_t>(uid);
    document.code = code;
    document.assurance = assurance;
    return done();
}

}  // namespace

std::string approval_id(ByteView random) {
    return std::string(id_prefix) + encode::hex(random);
}

bool is_approval_id(std::string_view id) noexcept {
    if (!id.starts_with(id_prefix)) return false;
    const std::string_view digits = id.substr(id_prefix.size());
    return digits.size() == 2 * approval_id_bytes && std::ranges::all_of(digits, [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}

Json to_json(const ApprovalDocument& document) {
    Json::Object object;
    object["action"] = encode::members_of(document.action);
    object["agent"] = document.agent;
    object["approval"] = document.id;
    object["approvers"] = approvers_of(document.demand);
    object["assurance"] = to_string(document.assurance);
    object["code"] = encode::hex(document.code);
    object["expires"] = document.expires;
    object["host"] = document.host;
    object["needed"] = static_cast<std::int64_t>(document.demand.approvals);
    object["rule"] = document.rule;
    object["uid"] = static_cast<std::int64_t>(document.uid);
    return object;
}

Result<std::string> write_approval_document(const ApprovalDocument& document) {
    HOLDFAST_CHECK(check_demand(document.demand));
    std::string text = encode::canonical(to_json(document));
    if (text.size() > max_approval_document)
        return Error(Code::invalid, "an action this large cannot be approved: its document has " +
                                        std::to_string(text.size()) + " bytes, " +
                                        std::to_string(max_approval_document) + " fit")
            .because("too_large_to_approve");
    return text;
}

Result<ApprovalDocument> approval_document_from(const Json& json) {
    HOLDFAST_TRY(fields, encode::Fields::of(json, "approval document"));
    ApprovalDocument document;
    HOLDFAST_TRY(id, fields.text("approval", max_agent_name));
    if (!is_approval_id(id)) return wrong("approval", "is no approval's id");
    HOLDFAST_CHECK(read_agent(fields, document));
    HOLDFAST_TRY(action, action_in(fields));
    HOLDFAST_TRY(rule, fields.text("rule", encode::max_rule));
    HOLDFAST_TRY(demand, demand_from(fields));
    HOLDFAST_TRY(expires, fields.integer("expires", 0, encode::max_json_integer));
    HOLDFAST_CHECK(fields.finish());
    document.id = std::move(id);
    document.action = std::move(action);
    document.rule = std::move(rule);
    document.demand = std::move(demand);
    document.expires = expires;
    return document;
}

Result<ApprovalDocument> parse_approval_document(std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_approval_document));
    HOLDFAST_TRY(document, approval_document_from(json));
    HOLDFAST_TRY(again, write_approval_document(document));
    if (again != text) return Error(Code::invalid, "approval document: not canonical JSON");
    return document;
}

}  // namespace holdfast::policy
