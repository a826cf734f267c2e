// What tells others that an agent has ended: the revocation list and tombstones. Asked on the
// agents' socket, which is for everybody; the operators' answers alike.
#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "core/encode/pem.h"
#include "holdfast/agent_id.h"

namespace holdfast::cli {
namespace {

constexpr const char* output_help = "write it to FILE instead of standard output";

Exit deliver(const Globals& globals, const Values& values, const std::string& thing) {
    const auto written = write_text(values.get_or("output", "-"), thing);
    return written ? Exit::ok : fail(globals, written.error());
}

Exit crl(const Globals& globals, const Values& values) {
    const auto list = bytes_from(agent_socket(globals), "/v1/crl");
    if (!list) return fail(globals, list.error());
    return deliver(globals, values,
                   values.has("pem") ? encode::to_pem("X509 CRL", view_of(*list)) : *list);
}

Exit tombstone(const Globals& globals, const Values& values) {
    const std::string& name = values.operands().front();
    const auto named = check_agent_name(name);
    if (!named) return fail_with(globals, Exit::usage, named.error());
    const auto jws = bytes_from(agent_socket(globals), "/v1/tombstones/" + name);
    if (!jws) return fail(globals, jws.error());
    return deliver(globals, values, *jws + "\n");
}

}  // namespace

std::vector<Command> ended_commands() {
    return {
        {"crl",
         "",
         "this host's certificate revocation list, DER",
         {{"pem", "", "as PEM"}, {"output", "FILE", output_help}},
         crl},
        {"tombstone",
         "NAME",
         "the signed word that a revoked or retired agent has ended",
         {{"output", "FILE", output_help}},
         tombstone},
    };
}

}  // namespace holdfast::cli
