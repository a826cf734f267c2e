#include "daemon/doctor/anchor.h"

#include <algorithm>
#include <chrono>
#include <string>

#include "core/encode/json.h"
#include "daemon/doctor/host.h"
#include "holdfast/client.h"

namespace holdfast::daemon {
namespace {

using encode::Json;

constexpr const char* part = "anchor";
constexpr const char* ask_status = "holdfast status tells what its keys worker waits for";
constexpr std::chrono::seconds answer_within{5};
constexpr std::size_t max_status = 256UL * 1024;

std::string text_in(const Json& object, std::string_view name) {
    const Json* member = object.find(name);
    if (member == nullptr || member->string() == nullptr) return "";
    std::string text = member->string()->substr(0, max_setting_value);
    std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return text;
}

std::string counter_in(const Json& anchor) {
    const Json* counter = anchor.find("counter");
    const bool is_number = counter != nullptr && counter->integer() != nullptr;
    return is_number ? std::to_string(*counter->integer()) : "?";
}

}  // namespace

void judge_anchor(std::string_view status, Findings& findings) {
    const auto json = encode::parse_json(status, max_status);
    const Json* anchor = json ? json->find("anchor") : nullptr;
    const std::string state = anchor == nullptr ? "" : text_in(*anchor, "state");
    const std::string reason = anchor == nullptr ? "" : text_in(*anchor, "reason");
    if (state == "ready")
        return findings.good(
            part, "ledger and TPM agree on the anchor counter, at " + counter_in(*anchor));
    if (state == "absent")
        return findings.note(part,
                             "no anchor counter: a restored state directory would not be "
                             "noticed (" +
                                 reason + ")");
    if (state == "differs")
        return findings.wrong(part, "nothing is signed: " + reason,
                              "an incident, unless you know why: docs/operations.md; if it is "
                              "right as it is: holdfast anchor accept --reason TEXT");
    findings.unseen(part, reason.empty() ? "the daemon does not say" : reason, ask_status);
}

void look_at_anchor(const Settings& settings, Findings& findings) {
    if (!running_daemon(settings)) return;
    const auto reply = Client(settings.admin_socket, answer_within).get("/v1/status");
    if (!reply) return findings.unseen(part, reply.error().text(), ask_status);
    judge_anchor(reply->body, findings);
}

}  // namespace holdfast::daemon
