// An agent file is refused with its name and a line, in one line; or it means what a file written
// from its meaning means.
#include <string>

#include "core/encode/base64.h"
#include "core/encode/statement.h"
#include "core/encode/utf8.h"
#include "holdfast/agent_id.h"
#include "policy/agent_file.h"
#include "tests/fuzz/fuzz.h"

using namespace holdfast;
using fuzz::promise;
using policy::AgentFile;

namespace {

constexpr std::string_view file_name = "bot.toml";

// TOML basic strings: what may stand in a value holds no control characters.
std::string quoted(std::string_view text) {
    promise(encode::is_utf8(text), "every text of an agent file is UTF-8");
    std::string out = "\"";
    for (const char c : text) {
        promise(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control characters");
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + "\"";
}

std::string quoted(const std::vector<std::string>& texts) {
    std::string out = "[";
    for (const auto& text : texts)
        out += quoted(text) + ", ";
    return out + "]";
}

std::string written(const policy::Limit& limit) {
    std::string out = "[[limit]]\nname = " + quoted(limit.name) + "\n";
    if (!limit.action.empty()) out += "action = " + quoted(limit.action) + "\n";
    if (!limit.sum.empty()) out += "sum = " + quoted(limit.sum) + "\n";
    out += (limit.sum.empty() ? "count = " : "max = ") + std::to_string(limit.cap) + "\n";
    if (!limit.per.empty()) out += "per = " + quoted(limit.per) + "\n";
    out += "window_s = " + std::to_string(limit.window) + "\n";
    return out + "hardware = " + (limit.hardware ? "true" : "false") + "\n";
}

// JSON's texts, integers and arrays of texts read as TOML's.
std::string written(const policy::TriggerRules& rules) {
    std::string out;
    const encode::Json shown = policy::to_json(rules);
    for (const auto& [name, members] : *shown.object()) {
        out += "[triggers." + name + "]\n";
        for (const auto& [key, value] : *members.object())
            out += key + " = " + encode::canonical(value) + "\n";
    }
    return out;
}

std::string written(const AgentFile& agent) {
    std::string out = "name = " + quoted(agent.name) + "\n";
    if (!agent.environment.empty()) out += "environment = " + quoted(agent.environment) + "\n";
    out += "[accountability]\nsponsor = " + quoted(agent.accountability.sponsor);
    out += "\nowner = " + quoted(agent.accountability.owner);
    out += "\npolicy_author = " + quoted(agent.accountability.policy_author);
    out += "\ncan_stop = " + quoted(agent.accountability.can_stop);
    out += "\n[recognise]\nuid = " + std::to_string(agent.uid);
    out += "\nexecutable_sha256 = " + quoted(encode::hex(agent.executable));
    out += "\n[credential]\nlifetime_s = " + std::to_string(agent.lifetime) + "\n";
    for (const policy::Limit& limit : agent.limits)
        out += written(limit);
    return out + written(agent.triggers);
}

void check_bounds(const AgentFile& agent) {
    promise(agent.name == "bot", "an agent is called as its file");
    promise(agent.uid <= policy::max_uid && agent.uid != 65534, "a uid names one user");
    promise(agent.lifetime >= policy::min_lifetime && agent.lifetime <= policy::max_lifetime,
            "a credential lives between five minutes and a day");
    promise(!agent.accountability.sponsor.empty() && !agent.accountability.owner.empty() &&
                !agent.accountability.can_stop.empty(),
            "somebody answers for every agent");
    promise(agent.limits.size() <= policy::max_limits, "limits are few");
    for (const auto& limit : agent.limits) {
        promise(limit.cap >= 1 && limit.cap <= std::uint64_t{INT64_MAX}, "a cap lets something by");
        promise(limit.window >= 1 && limit.window <= policy::max_limit_window,
                "a window is between a second and 31 days");
    }
    for (const policy::Trigger trigger : policy::all_triggers) {
        const policy::Reaction* reaction = policy::reaction_to(agent.triggers, trigger);
        promise(reaction == nullptr || reaction->rate.has_value() == (reaction->then == "throttle"),
                "a throttle has a rate, and nothing else has");
    }
}

void check_refusal(const Error& error) {
    promise(error.code() == Code::invalid, "a bad file is invalid");
    const std::string& text = error.text();
    promise(text.starts_with("bot.toml:") && text.size() > 10 && text[9] >= '1' && text[9] <= '9',
            "the file and a line are named");
    promise(text.find('\n') == std::string::npos, "an operator reads one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto agent = policy::parse_agent_file(file_name, text_of({data, size}));
    if (!agent) {
        check_refusal(agent.error());
        return 0;
    }
    check_bounds(*agent);
    const std::string text = written(*agent);
    const auto again = policy::parse_agent_file(file_name, text);
    promise(again && written(*again) == text, "an agent file means what it says");
    return 0;
}
