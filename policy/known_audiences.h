// KnownAudiences: for which audiences each agent has had an action recorded. A fold over the
// ledger.
#ifndef HOLDFAST_POLICY_KNOWN_AUDIENCES_H
#define HOLDFAST_POLICY_KNOWN_AUDIENCES_H

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"

namespace holdfast::policy {

// What is beyond these is not remembered, and so is novel for ever: nothing grows, and nobody gets
// past the trigger by filling it. More than `learn` may be, so that every free one has room.
inline constexpr std::size_t max_known_audiences = 1024;  // of one agent
inline constexpr std::size_t max_known_agents = 4096;     // also those of the past

class KnownAudiences {
  public:
    void note(const std::string& agent, std::string_view audience);
    // The agent never had it, and has had `learn` others at least.
    bool is_novel(const std::string& agent, std::string_view audience, std::size_t learn) const;
    std::size_t count(const std::string& agent) const;

  private:
    std::map<std::string, std::set<Sha256>> known_;  // digests: all of a length
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_KNOWN_AUDIENCES_H
