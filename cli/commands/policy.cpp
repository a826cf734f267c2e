// holdfast policy: trying policies out, and asking what is in force.
#include "cli/commands/policy.h"

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/commands/policy_files.h"
#include "cli/show.h"

namespace holdfast::cli {
namespace {

using encode::Json;

Exit list(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/policies");
    if (!answered) return fail(globals, answered.error());
    const Json* sets = answered->json.find("policies");
    if (sets == nullptr || sets->array() == nullptr || sets->array()->empty())
        return show(globals, *answered, "no policies: nothing is permitted\n");
    return show(
        globals, *answered,
        table_of(*sets, {"set", "version", "mode", "policies", "permits", "author", "author_key"}));
}

}  // namespace

std::vector<Command> policy_commands() {
    std::vector<Option> simulating = policies_options();
    simulating.insert(simulating.begin(),
                      {{"against", "DIR", "the ledger's folder: a copy, or the daemon's own"},
                       {"ledger", "DIR", "the same"}});
    return {
        {"policy list", "", "the policy sets in force, and who signed them", {}, list},
        {"policy check",
         "PATH...",
         "check policy files offline, each and all together",
         {{"operators", "FILE", "operators.toml: also whose signatures stand beside them"}},
         policy_check},
        {"policy test", "CASES [PATH...]", "a table of requests: is each decided as expected?",
         policies_options(), policy_test},
        {"policy simulate", "[PATH...]",
         "decide a ledger's recorded actions again: what would change?", std::move(simulating),
         policy_simulate},
        {"policy explain",
         "RECORD",
         "one record, by its sequence or as a JSON file: who, what, and by which rules",
         {{"ledger", "DIR", "the ledger's folder: who answers for the agent, what came after"},
          {"policies", "PATH",
           "the policies' texts, for each rule's @reason and @owner; repeatable"}},
         policy_explain},
    };
}

}  // namespace holdfast::cli
