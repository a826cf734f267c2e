// What operators do with approvals: list, show, approve, deny.
#include <unistd.h>

#include <iostream>

#include "cli/ask.h"
#include "cli/commands/approval_words.h"
#include "cli/commands/commands.h"
#include "cli/show.h"
#include "cli/ssh_sign.h"
#include "core/encode/sshsig.h"
#include "policy/approval_document.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::size_t max_signature_file = 32UL * 1024;

// The id becomes part of the request's path: only what is one gets there.
Result<std::string> target_of(const std::string& id, const std::string& verb) {
    if (!policy::is_approval_id(id))
        return Error(Code::invalid, "no approval's id: ap- and 32 hexadecimal digits");
    return "/v1/approvals/" + id + (verb.empty() ? "" : "/" + verb);
}

struct Shown {
    Answered answered;
    std::string document;  // the exact bytes
    std::string words;     // made of them, not of what stands beside them
};

Result<Shown> look(const Globals& globals, const std::string& id) {
    HOLDFAST_TRY(target, target_of(id, ""));
    HOLDFAST_TRY(answered, get_from(admin_socket(globals), target));
    const Json* document = answered.json.find("document");
    if (document == nullptr || document->string() == nullptr)
        return Error(Code::internal, "the daemon's answer has no document");
    HOLDFAST_TRY(words, approval_words(id, *document->string()));
    std::string text = *document->string();
    return Shown{std::move(answered), std::move(text), std::move(words)};
}

// Where it stands: not part of what is signed.
std::string standing(const Json& json) {
    std::string text;
    for (const char* name : {"state", "approved_by", "denied_by", "reason"})
        if (const Json* value = json.find(name))
            text += std::string(name) + ": " + plain(*value) + '\n';
    return text;
}

Exit list(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/approvals");
    if (!answered) return fail(globals, answered.error());
    const Json* approvals = answered->json.find("approvals");
    if (approvals == nullptr || approvals->array() == nullptr || approvals->array()->empty())
        return show(globals, *answered, "no approvals\n");
    return show(globals, *answered,
                table_of(*approvals, {"approval", "state", "agent", "action", "audience", "needed",
                                      "approvers", "approved_by", "expires_at"}));
}

Exit show_one(const Globals& globals, const Values& values) {
    auto shown = look(globals, values.operands().front());
    if (!shown) return fail(globals, shown.error());
    if (!values.has("raw"))
        return show(globals, shown->answered, shown->words + standing(shown->answered.json));
    const auto written = write_text("-", shown->document);
    return written ? Exit::ok : fail(globals, written.error());
}

// Only a person at a terminal says yes, or a caller who says beforehand that one has.
Done confirm(const Values& values) {
    if (values.has("yes")) return done();
    if (::isatty(STDIN_FILENO) == 0)
        return Error(Code::invalid, "nobody at a terminal to ask: look at it, then say --yes");
    std::cerr << "Approve this? [y/N] " << std::flush;
    std::string answer;
    std::getline(std::cin, answer);
    if (answer == "y" || answer == "yes") return done();
    return Error(Code::denied, "not approved: you did not say yes");
}

Result<std::string> signature_of(const Values& values, const std::string& document) {
    if (const auto file = values.get("signature")) return read_text(*file, max_signature_file);
    HOLDFAST_TRY(blob, sign_with_ssh(values.get_or("key", ""), policy::approval_namespace,
                                     view_of(document)));
    return encode::armor_sshsig(blob);
}

Result<Answered> send_approval(const Globals& globals, const Values& values) {
    const std::string& id = values.operands().front();
    HOLDFAST_TRY(target, target_of(id, "approve"));
    HOLDFAST_TRY(shown, look(globals, id));
    std::cerr << shown.words << std::flush;
    HOLDFAST_CHECK(confirm(values));
    HOLDFAST_TRY(signature, signature_of(values, shown.document));
    return post_to(admin_socket(globals), target, Json::Object{{"signature", signature}});
}

Exit approve(const Globals& globals, const Values& values) {
    if (values.has("key") == values.has("signature"))
        return fail_with(globals, Exit::usage,
                         Error(Code::invalid, "give either --key or --signature"));
    auto answered = send_approval(globals, values);
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, standing(answered->json));
}

Exit deny(const Globals& globals, const Values& values) {
    auto target = target_of(values.operands().front(), "deny");
    if (!target) return fail_with(globals, Exit::usage, target.error());
    Json::Object request;
    if (const auto reason = values.get("reason")) request["reason"] = *reason;
    auto answered = post_to(admin_socket(globals), *target, Json(std::move(request)));
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, standing(answered->json));
}

}  // namespace

std::vector<Command> approval_commands() {
    return {
        {"approvals list", "", "what agents ask approval for, and where it stands", {}, list},
        {"approvals show",
         "ID",
         "one of them: who wants what, by which code, until when",
         {{"raw", "", "the exact bytes to sign, and nothing else"}},
         show_one},
        {"approvals approve",
         "ID",
         "sign it with your SSH key; it may be used once",
         {{"key", "FILE", "as ssh-keygen -Y sign takes it: file, agent or token"},
          {"signature", "FILE", "one made elsewhere, over `approvals show --raw`"},
          {"yes", "", "do not ask: you have looked at it"}},
         approve},
        {"approvals deny",
         "ID",
         "end it; root or an operator who is asked",
         {{"reason", "TEXT", "for the agent and the ledger"}},
         deny},
    };
}

}  // namespace holdfast::cli
