// Policy sets as apply changes them, as GET /v1/policies lists them and as agents are under them.
// docs/protocol.md has the JSON.
#ifndef HOLDFAST_API_POLICY_MESSAGES_H
#define HOLDFAST_API_POLICY_MESSAGES_H

#include <cstdint>
#include <string>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/bytes.h"

namespace holdfast::api {

struct PolicyChange {
    std::string set;
    std::string change;  // "created", "changed", "unchanged", "vanished"
    std::int64_t version = 0;
    std::string mode;    // "observe", "enforce"; empty where it vanished
    std::string author;  // empty: nobody signed it
};
encode::Json to_json(const std::vector<PolicyChange>& changes);

struct PolicySetInForce {
    std::string set;
    std::int64_t version = 0;
    std::string mode, author, author_key;  // the last two empty: nobody signed it
    bool permits = false;                  // false: its signature counts no longer
    std::size_t policies = 0;
    Sha256 digest{};  // of its file
};
encode::Json to_json(const std::vector<PolicySetInForce>& sets);

// Those whose permits count for an agent.
struct PolicySource {
    std::string set;
    std::int64_t version = 0;
    std::string author;  // empty: nobody signed it
};
encode::Json to_json(const std::vector<PolicySource>& sources);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_POLICY_MESSAGES_H
