// read_agent_files: a whole directory, and what may not be said twice in it.
#include <map>
#include <utility>

#include "holdfast/agent_id.h"
#include "policy/config_folder.h"
#include "policy/declared.h"

namespace holdfast::policy {
namespace {

constexpr std::string_view ending = ".toml";

using Recognition = std::pair<uid_t, Sha256>;
struct Place {
    std::string name;
    std::uint32_t line;
    std::string shown() const { return name + ":" + std::to_string(line); }
};

// One process must not be two agents.
Done check_unique(std::map<Recognition, Place>& seen, const Declared& declared, Place place) {
    if (declared.agent.launch) return done();  // known by the launch itself
    const Recognition recognition{declared.agent.uid, declared.agent.executable};
    const auto [first, added] = seen.try_emplace(recognition, place);
    if (added) return done();
    return Error(Code::invalid, place.shown() + ": recognise: the same user and executable as in " +
                                    first->second.shown());
}

}  // namespace

Result<std::map<std::string, AgentFile>> read_agent_files(const std::string& directory) {
    HOLDFAST_TRY(folder, ConfigFolder::open(directory));
    HOLDFAST_TRY(names, folder.names(ending, max_agents));
    std::map<std::string, AgentFile> agents;
    std::map<Recognition, Place> seen;
    for (const std::string& name : names) {
        HOLDFAST_TRY(content, folder.content(name, max_agent_file));
        HOLDFAST_TRY(declared, parse_declared(name, content));
        HOLDFAST_CHECK(check_unique(seen, declared, {name, declared.recognise_line}));
        const std::string key = declared.agent.name;
        agents.emplace(key, std::move(declared.agent));
    }
    return agents;
}

Result<AgentFile> read_agent_file(const std::string& directory, const std::string& agent) {
    HOLDFAST_CHECK(check_agent_name(agent));
    HOLDFAST_TRY(folder, ConfigFolder::open(directory));
    const std::string name = agent + std::string(ending);
    HOLDFAST_TRY(content, folder.content(name, max_agent_file));
    return parse_agent_file(name, content);
}

}  // namespace holdfast::policy
