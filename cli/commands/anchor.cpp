// The anchor counter, for operators: does the state directory agree with the TPM?
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"

namespace holdfast::cli {
namespace {

using encode::Json;

Exit show_anchor(const Globals& globals, const Result<Answered>& answered) {
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

Exit anchor_show(const Globals& globals, const Values& /*values*/) {
    return show_anchor(globals, get_from(admin_socket(globals), "/v1/anchor"));
}

Exit anchor_accept(const Globals& globals, const Values& values) {
    const auto reason = values.get("reason");
    if (!reason)
        return fail_with(globals, Exit::usage,
                         Error(Code::invalid, "--reason TEXT: why is it right as it is?"));
    Json::Object request;
    request["reason"] = *reason;
    return show_anchor(globals,
                       post_to(admin_socket(globals), "/v1/anchor/accept", std::move(request)));
}

}  // namespace

std::vector<Command> anchor_commands() {
    return {
        {"anchor show",
         "",
         "does the ledger agree with the TPM's anchor counter?",
         {},
         anchor_show},
        {"anchor accept",
         "",
         "take what is there as the truth, after a restore that was meant",
         {{"reason", "TEXT", "why; kept in the ledger (required)"}},
         anchor_accept},
    };
}

}  // namespace holdfast::cli
