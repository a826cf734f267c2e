// What an agent asks for itself, from the command line: whoami, credential, sign, evidence.
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr const char* out_help = "write it to FILE instead of standard output";

Exit whoami(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(agent_socket(globals), "/v1/whoami");
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

// --out FILE gets the thing itself; without it standard output does, or the reply with --json.
Exit deliver(const Globals& globals, const Values& values, const Answered& answered,
             const std::string& thing) {
    const auto path = values.get("out");
    if (!path) return show(globals, answered, thing);
    const auto written = write_text(*path, thing);
    if (!written) return fail(globals, written.error());
    return globals.json ? show(globals, answered, "") : Exit::ok;
}

Result<std::string> text_member(const Answered& answered, std::string_view name) {
    const Json* value = answered.json.find(name);
    if (value == nullptr || value->string() == nullptr)
        return Error(Code::internal, "the daemon's answer has no " + std::string(name));
    return *value->string();
}

Exit credential(const Globals& globals, const Values& values) {
    auto answered = post_to(agent_socket(globals), "/v1/credential", Json::Object());
    if (!answered) return fail(globals, answered.error());
    auto chain = text_member(*answered, "chain_pem");
    if (!chain) return fail(globals, chain.error());
    return deliver(globals, values, *answered, *chain);
}

// The text of --params or --params-file; nothing when neither is given.
Result<std::optional<std::string>> params_text(const Values& values) {
    const auto path = values.get("params-file");
    if (!path) return values.get("params");
    if (values.has("params"))
        return Error(Code::invalid, "--params and --params-file exclude each other");
    HOLDFAST_TRY(text, read_text(*path, encode::max_request_body));
    return std::optional<std::string>(std::move(text));
}

Result<Json> action_request(const Values& values) {
    constexpr std::array<std::pair<const char*, const char*>, 5> members = {
        {{"audience", "audience"},
         {"resource", "resource"},
         {"on-behalf-of", "on_behalf_of"},
         {"params-sha256", "params_sha256"},
         {"approval", "approval"}}};
    Json::Object request;
    request["action"] = values.operands().front();
    for (const auto& [option, member] : members)
        if (const auto value = values.get(option)) request[member] = *value;
    HOLDFAST_TRY(params, params_text(values));
    if (!params) return Json(std::move(request));
    auto json = encode::parse_json(*params);
    if (!json) return std::move(json).error().within("--params");
    request["params"] = *std::move(json);
    return Json(std::move(request));
}

Exit sign(const Globals& globals, const Values& values) {
    auto request = action_request(values);
    if (!request) return fail_with(globals, Exit::usage, request.error());
    auto answered = post_to(agent_socket(globals), "/v1/actions", *request);
    if (!answered) return fail(globals, answered.error());
    if (const auto id = text_member(*answered, "approval"))
        return fail(globals, Error(Code::busy, "waits for operators; then: --approval " + *id)
                                 .because("approval_pending"));
    auto jws = text_member(*answered, "jws");
    if (!jws) return fail(globals, jws.error());
    return deliver(globals, values, *answered, *jws + "\n");
}

Exit evidence(const Globals& globals, const Values& values) {
    const auto nonce = values.get("nonce");
    const auto verifier = values.get("verifier");
    if (!nonce || !verifier)
        return fail_with(globals, Exit::usage,
                         Error(Code::invalid,
                               "evidence needs --nonce and --verifier: both are "
                               "the verifier's, and bound by the TPM"));
    Json::Object request;
    request["nonce"] = *nonce;
    request["verifier"] = *verifier;
    auto answered = post_to(agent_socket(globals), "/v1/evidence", std::move(request));
    if (!answered) return fail(globals, answered.error());
    return deliver(globals, values, *answered, answered->body);
}

const std::vector<Option>& sign_options() {
    static const std::vector<Option> options = {
        {"audience", "URI", "who is meant to act on it"},
        {"resource", "TEXT", "what it acts upon"},
        {"params", "JSON", "the parameters, an object; integers only"},
        {"params-file", "FILE", "the same from a file"},
        {"params-sha256", "HEX", "only the digest of the parameters"},
        {"on-behalf-of", "WHO", "the human or service behind it, as claimed by the agent"},
        {"approval", "ID", "of an approval asked for before, by the same action"},
        {"out", "FILE", out_help},
    };
    return options;
}

}  // namespace

std::vector<Command> identity_commands() {
    return {
        {"whoami", "", "which agent the daemon takes this process for, and why", {}, whoami},
        {"credential",
         "",
         "an X.509-SVID for this agent's key",
         {{"out", "FILE", out_help}},
         credential},
        {"sign", "ACTION", "sign a typed action, as a JWS", sign_options(), sign},
        {"evidence",
         "",
         "what the TPM says about this agent's key and this host",
         {{"nonce", "BASE64URL", "the verifier's nonce, 16 to 64 bytes"},
          {"verifier", "ID", "the verifier's own id"},
          {"out", "FILE", out_help}},
         evidence},
    };
}

}  // namespace holdfast::cli
