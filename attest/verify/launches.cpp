// Which agents ran with which code, as the register has it: register.launch, register.manifests.
#include <algorithm>
#include <array>

#include "attest/verify/register.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "holdfast/agent_id.h"
#include "holdfast/measurement.h"

namespace holdfast::attest {
namespace {

using encode::Json;

// What ends an instance for good; `suspend` until a `reinstate`.
constexpr std::array<std::string_view, 4> endings = {"stop", "kill", "revoke", "retire"};

// An event's members, read once.
class Event {
  public:
    explicit Event(const CelRecord& record) {
        auto json = encode::parse_json(record.content, max_cel_content);
        if (json) content_ = *std::move(json);
    }
    std::string text(std::string_view name) const {
        const Json* member = content_.find(name);
        return member == nullptr || member->string() == nullptr ? "" : *member->string();
    }
    std::int64_t number(std::string_view name) const {
        const Json* member = content_.find(name);
        return member == nullptr || member->integer() == nullptr ? 0 : *member->integer();
    }
    // Of this instance, or of its agent as a whole.
    bool is_about(const Launch& launch) const {
        const std::string instance = text("instance");
        return text("agent") == launch.agent && (instance.empty() || instance == launch.instance);
    }

  private:
    Json content_;
};

void apply(const Event& event, Launch& launch) {
    const std::string type = event.text("type");
    if (!event.is_about(launch) || std::ranges::find(endings, launch.ended) != endings.end())
        return;
    if (type == "reinstate") launch.ended.clear();
    if (type == "suspend" || std::ranges::find(endings, type) != endings.end()) launch.ended = type;
}

struct Launched {
    Launch shown;
    std::string tree;  // hex
    std::string key_name;
};

// Launches are of the part that the TPM vouches for; what ended one counts wherever it stands.
std::vector<Launched> launches_in(const CertifiedLog& log) {
    std::vector<Launched> launches;
    for (std::size_t i = 1; i < log.log.records.size(); ++i) {
        const Event event(log.log.records[i]);
        for (Launched& launched : launches)
            apply(event, launched.shown);
        if (i >= log.records || event.text("type") != launch_event) continue;
        launches.push_back({.shown = {.agent = event.text("agent"),
                                      .instance = event.text("instance"),
                                      .manifest = event.text("manifest"),
                                      .time = event.number("time"),
                                      .version = {},
                                      .ended = {}},
                            .tree = event.text("tree"),
                            .key_name = event.text("key_name")});
    }
    return launches;
}

bool at_least_launched(const std::optional<Subject>& subject) {
    if (!subject || !subject->claims) return false;
    const auto assurance = parse_assurance(subject->claims->assurance);
    return assurance && *assurance >= Assurance::launched;
}

// The whole log is asked again: the key, the code and the agent of one event, and no end since.
void check_launch(Sheet& sheet, const std::vector<Launched>& launches, ByteView key_name,
                  const Subject& subject) {
    const auto id = parse_agent_id(subject.spiffe_id);
    const std::string key = encode::base64url(key_name);
    std::string why = "no launch of this agent with this key and this code";
    bool found = false;
    for (const Launched& launched : launches) {
        const Launch& launch = launched.shown;
        if (!id || launch.agent != id->name || launched.key_name != key ||
            launch.manifest != subject.claims->measurement)
            continue;
        if (!launch.ended.empty() && !found)
            why = "instance " + launch.instance + " ended: " + launch.ended;
        if (launch.ended.empty()) {
            found = true;
            why = "instance " + launch.instance + " was launched with this key and this code";
        }
    }
    sheet.check("register.launch", found, why);
}

const ReferenceManifest* reference_of(const Launched& launched,
                                      const std::vector<ReferenceManifest>& manifests) {
    const auto found = std::ranges::find_if(manifests, [&](const ReferenceManifest& manifest) {
        return manifest.agent == launched.shown.agent &&
               encode::hex(manifest.digest) == launched.shown.manifest &&
               encode::hex(manifest.root) == launched.tree;
    });
    return found == manifests.end() ? nullptr : &*found;
}

void check_manifests(Sheet& sheet, std::vector<Launched>& launches,
                     const std::vector<ReferenceManifest>& manifests) {
    for (Launched& launched : launches) {
        const ReferenceManifest* reference = reference_of(launched, manifests);
        if (reference == nullptr) {
            sheet.fail("register.manifests", "agent " + launched.shown.agent +
                                                 " was launched from manifest " +
                                                 launched.shown.manifest + ", which is none given");
            continue;
        }
        launched.shown.version = reference->version;
    }
    sheet.check("register.manifests", true,
                std::to_string(launches.size()) + " launches, each from a manifest given");
}

}  // namespace

void check_launches(Sheet& sheet, const std::optional<CertifiedLog>& log, ByteView key_name,
                    const std::optional<Subject>& subject, const Expectations& expected) {
    const bool launched = at_least_launched(subject);
    if (launched && log) sheet.require("register.launch");
    if (expected.manifests) sheet.require("register.manifests");
    if (!launched) sheet.waive_all("register.launch", "the credential claims no launch");
    if (!expected.manifests) sheet.skip("register.manifests", "no reference manifests were given");
    if (!log) {
        sheet.skip("register.launch", "there is no log that the TPM vouches for");
        sheet.skip("register.manifests", "there is no log that the TPM vouches for");
        return;
    }
    auto launches = launches_in(*log);
    if (launched) check_launch(sheet, launches, key_name, *subject);
    if (expected.manifests) check_manifests(sheet, launches, *expected.manifests);
    for (const char* rule : register_rules)
        if (!sheet.passed(rule)) return;
    for (Launched& each : launches)
        sheet.appraisal().launches.push_back(std::move(each.shown));
}

}  // namespace holdfast::attest
