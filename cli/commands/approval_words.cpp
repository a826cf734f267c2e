#include "cli/commands/approval_words.h"

#include "cli/commands/words.h"
#include "cli/show.h"
#include "core/encode/base64.h"
#include "policy/approval_document.h"

namespace holdfast::cli {
namespace {

using encode::Json;
using policy::ApprovalDocument;

std::string asked_of(const policy::Demand& demand) {
    std::string who = "of group " + demand.approvers;
    if (!demand.people.empty())
        who = "of " + plain(Json(Json::Array(demand.people.begin(), demand.people.end())));
    const std::string noun = demand.approvals == 1 ? " operator " : " different operators ";
    return std::to_string(demand.approvals) + noun + who;
}

}  // namespace

Result<std::string> approval_words(std::string_view id, std::string_view document) {
    auto read = policy::parse_approval_document(document);
    if (!read) return std::move(read).error().within("the daemon's document");
    const ApprovalDocument& asked = *read;
    if (asked.id != id)
        return Error(Code::invalid, "the daemon's document is another approval's: " + asked.id);
    std::string text = asked.id + '\n';
    text += word_line("agent", asked.agent);
    text +=
        word_line("code", encode::hex(asked.code) + " (" + std::string(to_string(asked.assurance)) +
                              ", uid " + std::to_string(asked.uid) + ")");
    text += action_words(asked.action);
    text += word_line("rule", asked.rule);
    text += word_line("asks for", asked_of(asked.demand));
    return text + word_line("until", utc(asked.expires));
}

}  // namespace holdfast::cli
