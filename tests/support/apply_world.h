// ApplyWorld: a HandlerWorld whose agent files come and go.
#ifndef HOLDFAST_TESTS_SUPPORT_APPLY_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_APPLY_WORLD_H

#include <filesystem>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/handler_world.h"

namespace holdfast::tests {

struct ApplyWorld : HandlerWorld {
    Result<daemon::Answer> apply(const std::string& body = "") {
        return as_operator(daemon::handlers::apply, "", body);
    }
    void remove_agent_file(const std::string& name) {
        std::filesystem::remove(settings.agents_dir + "/" + name + ".toml");
    }
    daemon::AgentState state(const std::string& name) const { return containment.state_of(name); }
};

// "deploy-bot created active, …"
inline std::string changes(const Result<daemon::Answer>& answer) {
    const auto json = json_of(answer);
    std::string text;
    const encode::Json* list = json.find("changes");
    if (list == nullptr || list->array() == nullptr) return "(no changes) " + reason_of(answer);
    for (const encode::Json& change : *list->array())
        text += (text.empty() ? "" : ", ") + text_at(change, {"name"}) + " " +
                text_at(change, {"change"}) + " " + text_at(change, {"state"});
    return text;
}

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_APPLY_WORLD_H
