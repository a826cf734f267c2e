#include "daemon/handlers/key_choice.h"

#include <algorithm>
#include <map>

#include "daemon/handlers/admin.h"

namespace holdfast::daemon::handlers {
namespace {

const char* place_of(Backend backend) {
    return backend == Backend::tpm ? "the TPM" : "the token";
}

std::string described(KeyAlgorithm algorithm, Backend backend) {
    return std::string(to_string(algorithm)) + " in " + place_of(backend);
}

std::string agent_named(const std::string& name) {
    return "agent " + name;
}

// A key is what it is for its life; what ended makes room for another.
bool has_key(const std::optional<AgentRow>& row) {
    return row && row->state != AgentState::retired && !row->key.id.empty();
}

// Retired, and its old key is not yet ended: nothing is made until it is.
bool waits_for_its_end(const std::optional<AgentRow>& row) {
    return row && row->state == AgentState::retired && !row->pending.empty();
}

Done check_existing(const AgentRow& row, const policy::KeyChoice& wanted) {
    if (row.key.backend == wanted.backend && row.key.algorithm == wanted.algorithm) return done();
    return Error(Code::conflict, "its file asks for " +
                                     described(wanted.algorithm, wanted.backend) + ", its key is " +
                                     described(row.key.algorithm, row.key.backend) +
                                     ": retire the agent before it gets another")
        .because("key_differs");
}

Done check_offered(const HostIdentity& keeper, const policy::KeyChoice& wanted) {
    const auto& offered = keeper.algorithms;
    if (std::find(offered.begin(), offered.end(), wanted.algorithm) != offered.end()) return done();
    std::string text =
        "its file asks for " + described(wanted.algorithm, wanted.backend) + ", which offers";
    for (const KeyAlgorithm algorithm : offered)
        text += " " + std::string(to_string(algorithm));
    return Error(Code::conflict, offered.empty() ? text + " nothing" : text)
        .because("algorithm_unavailable");
}

}  // namespace

Async<std::monostate> check_key_choices(Services& services, std::vector<policy::AgentFile> files) {
    std::map<Backend, HostIdentity> keepers;
    for (const policy::AgentFile& file : files) {
        const auto row = current_row(services, file.name);
        if (waits_for_its_end(row)) continue;
        if (has_key(row)) {
            Done same = check_existing(*row, file.key);
            if (!same) co_return std::move(same).error().within(agent_named(file.name));
            continue;
        }
        if (!keepers.contains(file.key.backend)) {
            auto keeper = co_await services.keys.host_of(file.key.backend);
            if (!keeper) co_return std::move(keeper).error().within(agent_named(file.name));
            keepers.emplace(file.key.backend, *std::move(keeper));
        }
        Done offered = check_offered(keepers.at(file.key.backend), file.key);
        if (!offered) co_return std::move(offered).error().within(agent_named(file.name));
    }
    co_return done();
}

Async<KeyDescription> create_chosen_key(Services& services, std::string agent,
                                        policy::KeyChoice choice) {
    CreateRequest wanted{agent, choice.backend, choice.algorithm, choice.token};
    auto key = co_await services.keys.create(std::move(wanted));
    if (!key) co_return std::move(key).error().within(agent_named(agent));
    if (key->backend != choice.backend || key->algorithm != choice.algorithm)
        co_return Error(Code::internal, "the keys worker made another key than was asked for")
            .within(agent_named(agent));
    co_return key;
}

}  // namespace holdfast::daemon::handlers
