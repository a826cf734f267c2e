// Replay: a ledger's recorded actions decided again by other policies, and what would change.
#ifndef HOLDFAST_POLICY_REPLAY_H
#define HOLDFAST_POLICY_REPLAY_H

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "policy/agent_file.h"
#include "policy/policies.h"
#include "policy/recorded.h"

namespace holdfast::policy {

inline constexpr std::size_t max_changes_listed = 10'000;    // the rest is counted
inline constexpr std::size_t max_agents_replayed = 100'000;  // names, in one ledger

struct Change {
    std::uint64_t sequence = 0;
    std::int64_t time = 0;  // Unix seconds
    std::string agent;      // name
    std::string action, audience;
    std::string was;       // "refunds:small", "denied by default", "denied by refunds:night"
    std::string would_be;  // "denied by …", "denied by default", "asks for 2 approvals of finance"
};

using Counts = std::map<std::string, std::uint64_t, std::less<>>;

struct Replayed {
    std::uint64_t actions = 0;      // decided again
    std::uint64_t same = 0;         // of these: by the very same rules
    std::uint64_t other_rules = 0;  // still signed, by other rules
    std::uint64_t changed = 0;      // all others
    std::vector<Change> changes;    // the first max_changes_listed, in the ledger's order; also of
                                    // refusals that are sure to be permitted
    Counts by_rule;                 // of the changes: "denied by refunds:night"; and of sets that
                                    // observe: "trial (observed) would deny"
    Counts not_replayed;            // why, of action records

    // Records of refusals by policy. Only who, what and for whom is on record.
    std::uint64_t still_denied = 0;     // whatever else was asked
    std::uint64_t now_permitted = 0;    // whatever else was asked
    std::uint64_t undecided = 0;        // that depends on what is not on record
    std::uint64_t refused_summed = 0;   // over budget: not even that is on record
    std::uint64_t refused_besides = 0;  // by limits, containment …: whatever policies say
};

class Replay {
  public:
    // The policies must outlive this.
    explicit Replay(const Policies& policies) : policies_(&policies) {}

    // Every record, in the ledger's order: agents are known by the records before. Whatever the
    // records hold: what cannot be read is counted. invalid: more agents than max_agents_replayed.
    Done take(std::string_view type, std::uint64_t sequence, std::int64_t time,
              const encode::Json::Object& members);

    const Replayed& replayed() const noexcept { return replayed_; }

  private:
    struct At {
        std::uint64_t sequence;
        std::int64_t time;
    };
    Done take_agent(const encode::Json::Object& members);
    void take_action(const At& at, const encode::Json::Object& members);
    void decide(const At& at, const Statement& statement, const RecordedAction& recorded);
    void compare(const At& at, const Statement& statement, const RecordedAction& recorded,
                 const Decision& decision);
    void take_refusal(const At& at, const encode::Json::Object& members);
    void judge(const At& at, const RecordedRefusal& refusal);
    void change(const At& at, const std::string& agent, const Action& action, std::string was,
                std::string would_be);
    void not_replayed(const std::string& why) { ++replayed_.not_replayed[why]; }

    const Policies* policies_;
    std::map<std::string, AgentFile, std::less<>> agents_;
    Replayed replayed_;
};

}  // namespace holdfast::policy

#endif  // HOLDFAST_POLICY_REPLAY_H
