// LiveKeys: what the keys worker of one backend knows of the agents' keys of another. A folder in
// keys/ that their workers share: each writes about its own keys, both read.
#ifndef HOLDFAST_HSM_LIVE_KEYS_H
#define HOLDFAST_HSM_LIVE_KEYS_H

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"

namespace holdfast::hsm {

inline constexpr std::size_t max_live_file = 2048;  // an RSA-4096 key would fit

// keys/live/<key id>.json: public facts of a key whose fuse was intact when it was written.
struct LiveKey {
    std::string agent;
    Bytes spki;
};
std::string to_text(const LiveKey& key);
Result<LiveKey> live_key_from(const std::string& id, std::string_view text);

class LiveKeys {
  public:
    // Makes the folder when it is missing.
    static Result<LiveKeys> open(const std::string& keys_dir);

    // Idempotent. invalid for what is no agent's key.
    Done publish(const KeyDescription& key);
    // Before the key ends, so that no crash leaves a dead key among the living. Done when there is
    // none.
    Done withdraw(std::string_view key_id);
    // Ids of one backend's keys, in order.
    Result<std::vector<std::string>> ids(Backend backend) const;
    // denied unless a key of that agent with this SubjectPublicKeyInfo is published.
    Done is_live(std::string_view agent, ByteView spki) const;
    // Is it published for any agent?
    Result<bool> has(ByteView spki) const;

  private:
    explicit LiveKeys(KeyFiles files) : files_(std::move(files)) {}

    // nullopt: withdrawn since the folder was listed.
    Result<std::optional<LiveKey>> read(const std::string& id) const;

    KeyFiles files_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_LIVE_KEYS_H
