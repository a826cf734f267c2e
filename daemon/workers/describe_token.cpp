#include "daemon/workers/describe_token.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/printable.h"
#include "hsm/pkcs11/inventory.h"

namespace holdfast::daemon {
namespace {

using api::printable;
using encode::Json;

// A token's own description must fit into the one message: those of interest come first.
constexpr std::size_t max_mechanisms_told = 64;

// The standard's name means that a key of ours is made with it or signs with it.
Json::Array names_of(const std::vector<hsm::ListedMechanism>& mechanisms) {
    Json::Array names;
    for (const auto& mechanism : mechanisms)
        if (mechanism.name.starts_with("CKM_") && names.size() < max_mechanisms_told)
            names.emplace_back(mechanism.name + " " + std::to_string(mechanism.smallest) + "-" +
                               std::to_string(mechanism.largest));
    return names;
}

// A count the token may have made up.
std::int64_t count_of(std::uint64_t count) {
    const auto largest = static_cast<std::uint64_t>(encode::max_json_integer);
    return static_cast<std::int64_t>(std::min(count, largest));
}

Json::Object told(const hsm::ListedToken& token) {
    Json::Array algorithms, flags;
    for (const KeyAlgorithm algorithm : token.algorithms)
        algorithms.emplace_back(to_string(algorithm));
    for (const auto& flag : token.flags)
        flags.emplace_back(flag);
    Json::Object object;
    object["label"] = printable(token.label);
    object["serial"] = printable(token.serial);
    object["manufacturer"] = printable(token.manufacturer);
    object["model"] = printable(token.model);
    object["uri"] = printable(token.uri);
    object["flags"] = std::move(flags);
    object["matches"] = token.is_meant;
    object["software"] = token.is_software;
    object["initialised"] = token.is_initialised;
    object["unusable"] = printable(token.unusable);
    object["wants_login"] = token.wants_login;
    object["no_login"] = printable(token.no_login);
    object["max_sessions"] = count_of(token.max_sessions);
    object["max_rw_sessions"] = count_of(token.max_rw_sessions);
    object["algorithms"] = std::move(algorithms);
    object["mechanisms"] = names_of(token.mechanisms);
    return object;
}

}  // namespace

Result<Json::Object> describe_tokens(const hsm::Pkcs11Options& options) {
    HOLDFAST_TRY(found, hsm::take_inventory(options));
    Json::Array tokens;
    for (const hsm::ListedToken& token : found.tokens)
        tokens.emplace_back(told(token));
    Json::Object object;
    object["manufacturer"] = printable(found.manufacturer);
    object["description"] = printable(found.description);
    object["version"] = printable(found.version);
    object["tokens"] = std::move(tokens);
    return object;
}

}  // namespace holdfast::daemon
