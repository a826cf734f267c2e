#include "daemon/handlers/stages.h"

#include <algorithm>
#include <array>

namespace holdfast::daemon::handlers {
namespace {

constexpr std::array<Stage, 4> all_stages = {Stage::ledger, Stage::fuse, Stage::blob,
                                             Stage::processes};

}  // namespace

std::string_view to_string(Stage stage) noexcept {
    switch (stage) {
        case Stage::ledger: return "ledger";
        case Stage::fuse: return "fuse";
        case Stage::blob: return "blob";
        case Stage::processes: return "processes";
    }
    return "";
}

Stages Stages::of(std::string_view pending) {
    Stages stages;
    while (!pending.empty()) {
        const std::string_view word = pending.substr(0, pending.find(' '));
        for (const Stage stage : all_stages)
            if (word == to_string(stage)) stages.stages_.insert(stage);
        pending.remove_prefix(std::min(word.size() + 1, pending.size()));
    }
    return stages;
}

std::vector<std::string> Stages::names() const {
    std::vector<std::string> names;
    names.reserve(stages_.size());
    for (const Stage stage : stages_)
        names.emplace_back(to_string(stage));
    return names;
}

std::string Stages::text() const {
    std::string text;
    for (const std::string& name : names())
        text += text.empty() ? name : " " + name;
    return text;
}

}  // namespace holdfast::daemon::handlers
