#include "hsm/live_keys.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/json.h"
#include "holdfast/agent_id.h"

namespace holdfast::hsm {
namespace {

using encode::Fields;
using encode::Json;

constexpr const char* folder = "/live";
constexpr std::string_view ending = ".json";
constexpr std::size_t max_spki = 1024;
constexpr std::array backends = {Backend::tpm, Backend::pkcs11};

// Empty when it is no such id: also what keeps other paths out of the folder.
std::string_view agent_in(std::string_view id) {
    for (const Backend backend : backends)
        if (const auto name = agent_in_key_id(id, backend); !name.empty()) return name;
    return {};
}

std::string file_of(std::string_view id) {
    return std::string(id).append(ending);
}

}  // namespace

std::string to_text(const LiveKey& key) {
    Json::Object object;
    object["agent"] = key.agent;
    object["spki"] = encode::base64url(key.spki);
    return encode::canonical(std::move(object));
}

Result<LiveKey> live_key_from(const std::string& id, std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_live_file));
    HOLDFAST_TRY(fields, Fields::of(json, "keys/live/" + id));
    LiveKey key;
    HOLDFAST_TRY(agent, fields.text("agent", max_agent_name));
    HOLDFAST_TRY(spki, fields.base64url("spki", max_spki));
    HOLDFAST_CHECK(fields.finish());
    if (agent != agent_in(id)) return Error(Code::invalid, "keys/live/" + id + ": another agent's");
    key.agent = std::move(agent);
    key.spki = std::move(spki);
    return key;
}

Result<LiveKeys> LiveKeys::open(const std::string& keys_dir) {
    HOLDFAST_TRY(files, KeyFiles::open(keys_dir + folder));
    return LiveKeys(std::move(files));
}

Done LiveKeys::publish(const KeyDescription& key) {
    if (key.purpose != Purpose::action || agent_in_key_id(key.id, key.backend) != key.agent)
        return Error(Code::invalid, "key '" + key.id + "': not an agent's key");
    const std::string text = to_text(LiveKey{.agent = key.agent, .spki = key.spki});
    const auto there = files_.read(file_of(key.id), max_live_file);
    if (there && *there == text) return done();
    return files_.write(file_of(key.id), text);
}

Done LiveKeys::withdraw(std::string_view key_id) {
    if (agent_in(key_id).empty()) return done();
    return files_.erase(file_of(key_id));
}

Result<std::vector<std::string>> LiveKeys::ids(Backend backend) const {
    HOLDFAST_TRY(stems, files_.stems(ending));
    std::erase_if(stems,
                  [&](const std::string& id) { return agent_in_key_id(id, backend).empty(); });
    return stems;
}

Result<std::optional<LiveKey>> LiveKeys::read(const std::string& id) const {
    auto text = files_.read(file_of(id), max_live_file);
    if (!text && text.error().code() == Code::not_found) return std::optional<LiveKey>();
    if (!text) return std::move(text).error();
    HOLDFAST_TRY(key, live_key_from(id, *text));
    return std::optional<LiveKey>(std::move(key));
}

Done LiveKeys::is_live(std::string_view agent, ByteView spki) const {
    HOLDFAST_TRY(stems, files_.stems(ending));
    for (const std::string& id : stems) {
        if (agent_in(id) != agent) continue;
        HOLDFAST_TRY(key, read(id));
        if (key && std::ranges::equal(key->spki, spki)) return done();
    }
    return Error(Code::denied, "no such key of agent " + std::string(agent));
}

Result<bool> LiveKeys::has(ByteView spki) const {
    HOLDFAST_TRY(stems, files_.stems(ending));
    for (const std::string& id : stems) {
        if (agent_in(id).empty()) continue;
        HOLDFAST_TRY(key, read(id));
        if (key && std::ranges::equal(key->spki, spki)) return true;
    }
    return false;
}

}  // namespace holdfast::hsm
