// What an operator asks of the whole host: apply, status, ledger.
#include <filesystem>
#include <iostream>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"
#include "policy/agent_file.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// Offline: what the daemon would say about this file, without a daemon.
Exit check_file(const Globals& globals, const std::string& path) {
    auto text = read_text(path, policy::max_agent_file);
    if (!text) return fail(globals, text.error());
    const std::string file_name = std::filesystem::path(path).filename();
    auto agent = policy::parse_agent_file(file_name, *text);
    if (!agent) return fail(globals, agent.error());
    Answered answered;
    Json::Object object;
    object["file"] = path;
    object["name"] = agent->name;
    object["valid"] = true;
    answered.json = std::move(object);
    answered.body = encode::canonical(answered.json);
    return show(globals, answered, path + ": agent " + agent->name + " is declared correctly\n");
}

bool has_rows(const Json* table) {
    return table != nullptr && table->array() != nullptr && !table->array()->empty();
}

std::string changes_text(const Answered& answered) {
    const Json* agents = answered.json.find("changes");
    const Json* policies = answered.json.find("policies");
    std::string text = has_rows(agents) ? table_of(*agents, {"name", "change", "state"})
                                        : "no agents are declared\n";
    text += has_rows(policies)
                ? '\n' + table_of(*policies, {"set", "change", "version", "mode", "author"})
                : "no policies: nothing is permitted\n";
    const Json* dry_run = answered.json.find("dry_run");
    if (dry_run != nullptr && dry_run->boolean() != nullptr && *dry_run->boolean())
        text += "nothing was changed (--dry-run)\n";
    return text;
}

Exit apply(const Globals& globals, const Values& values) {
    if (const auto path = values.get("check")) return check_file(globals, *path);
    Json::Object request;
    request["dry_run"] = values.has("dry-run");
    auto answered = post_to(admin_socket(globals), "/v1/apply", std::move(request));
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, changes_text(*answered));
}

Exit show_answer(const Globals& globals, const Result<Answered>& answered) {
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

Exit status(const Globals& globals, const Values& /*values*/) {
    return show_answer(globals, get_from(admin_socket(globals), "/v1/status"));
}

Exit ledger_head(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/ledger/head");
    if (!answered) return fail(globals, answered.error());
    // A checkpoint is text with lines of its own (C2SP signed note): shown as it is.
    const Json* checkpoint = answered->json.find("checkpoint");
    if (checkpoint != nullptr && checkpoint->string() != nullptr)
        return show(globals, *answered, *checkpoint->string());
    return show(globals, *answered, lines_of(answered->json));
}

Exit ledger_resume(const Globals& globals, const Values& /*values*/) {
    return show_answer(globals,
                       post_to(admin_socket(globals), "/v1/ledger/resume", Json::Object()));
}

}  // namespace

std::vector<Command> host_commands() {
    return {
        {"apply",
         "",
         "read agent files and policies again and make what they declare",
         {{"check", "FILE", "only check this file, offline"},
          {"dry-run", "", "only say what would change"}},
         apply},
        {"status", "", "how the daemon, its TPM and its ledger are", {}, status},
        {"ledger head", "", "the ledger's signed checkpoint", {}, ledger_head},
        {"ledger resume", "", "sign again after a ledger failure was repaired", {}, ledger_resume},
    };
}

}  // namespace holdfast::cli
