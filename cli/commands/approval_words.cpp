#include "cli/commands/approval_words.h"

#include <algorithm>

#include "cli/show.h"
#include "core/encode/base64.h"
#include "policy/approval_document.h"

namespace holdfast::cli {
namespace {

using encode::Json;
using policy::ApprovalDocument;

std::string line(const char* name, const std::string& value) {
    constexpr std::size_t width = 14;
    std::string text = std::string("  ") + name + ' ';
    text.resize(std::max(text.size(), width), ' ');
    return text + plain(value) + '\n';
}

std::string asked_of(const policy::Demand& demand) {
    std::string who = "of group " + demand.approvers;
    if (!demand.people.empty())
        who = "of " + plain(Json(Json::Array(demand.people.begin(), demand.people.end())));
    const std::string noun = demand.approvals == 1 ? " operator " : " different operators ";
    return std::to_string(demand.approvals) + noun + who;
}

// Members of params a line each: what is in them is what will be done.
std::string params_of(const Action& action) {
    if (action.params_sha256)
        return line("parameters",
                    "NOT SHOWN, only their SHA-256: " + encode::hex(*action.params_sha256));
    if (action.params.empty()) return line("parameters", "none");
    const auto params = encode::parse_json(action.params);
    if (!params || params->object() == nullptr) return line("parameters", action.params);
    std::string text = params->object()->empty() ? line("parameters", "none") : "  parameters\n";
    for (const auto& [name, value] : *params->object())
        text += "    " + plain(Json(name)) + ": " + encode::canonical(value) + '\n';
    return text;
}

}  // namespace

Result<std::string> approval_words(std::string_view id, std::string_view document) {
    auto read = policy::parse_approval_document(document);
    if (!read) return std::move(read).error().within("the daemon's document");
    const ApprovalDocument& asked = *read;
    if (asked.id != id)
        return Error(Code::invalid, "the daemon's document is another approval's: " + asked.id);
    std::string text = asked.id + '\n';
    text += line("agent", asked.agent);
    text += line("code", encode::hex(asked.code) + " (" + std::string(to_string(asked.assurance)) +
                             ", uid " + std::to_string(asked.uid) + ")");
    text += line("wants", asked.action.action);
    text += line("at", asked.action.audience);
    if (!asked.action.resource.empty()) text += line("resource", asked.action.resource);
    if (!asked.action.on_behalf_of.empty())
        text += line("says it is for", asked.action.on_behalf_of);
    text += params_of(asked.action);
    text += line("rule", asked.rule);
    text += line("asks for", asked_of(asked.demand));
    return text + line("until", utc(asked.expires));
}

}  // namespace holdfast::cli
