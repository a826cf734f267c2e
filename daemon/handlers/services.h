// What a handler is given, and what it gives back.
#ifndef HOLDFAST_DAEMON_HANDLERS_SERVICES_H
#define HOLDFAST_DAEMON_HANDLERS_SERVICES_H

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "daemon/callers/instances.h"
#include "daemon/callers/peer.h"
#include "daemon/config.h"
#include "daemon/handlers/host.h"
#include "daemon/link/keys.h"
#include "daemon/link/launcher.h"
#include "daemon/state/anchor.h"
#include "daemon/state/answerable.h"
#include "daemon/state/approvals.h"
#include "daemon/state/containment.h"
#include "daemon/state/credentials.h"
#include "daemon/state/history.h"
#include "daemon/state/ledger.h"
#include "daemon/state/refusals.h"
#include "daemon/state/registry.h"
#include "daemon/state/revocation_list.h"
#include "daemon/state/trigger_memory.h"
#include "daemon/state/turns.h"
#include "policy/agent_file.h"
#include "policy/limits.h"
#include "policy/operators.h"
#include "policy/policies.h"

namespace holdfast::daemon {

// What handlers remember between calls. Event loop only.
struct Ongoing {
    bool applying = false;  // one apply at a time
    bool settling = false;
    std::multiset<std::string> containing;    // agents with a containment verb under way
    std::map<std::string, AgentRow> unsaved;  // rows the registry could not write, newest each
    // Stops of any kind begun, by agent, and of the host: whoever reinstates compares.
    std::map<std::string, std::uint64_t> stops;
    std::uint64_t host_stops = 0;
    int host_verbs = 0;                   // verbs about the host under way
    bool anchor_owed = false;             // a stop that no step of the anchor counter keeps yet
    std::optional<HostRow> unsaved_host;  // as `unsaved`, of the host
    Approvals approvals;
};

// Where policy sets are read from, and whose signatures count there.
struct PolicyFiles {
    std::string directory;
    policy::Operators operators;
    policy::Unsigned unsigned_sets = policy::Unsigned::refuse;
};

// What agents may sign at most, as declared, and what was used of it. Event loop only.
struct LimitsInForce {
    policy::Limits counted;
    policy::DeclaredLimits declared;  // what `counted` was last told
    std::uint64_t changes = 0;        // of `declared`
    bool counting = false;
    std::optional<Turns> opening;  // of hardware limits' blocks
    // Counts from the durable ledger, off the loop.
    std::function<Async<policy::Limits>(policy::DeclaredLimits)> count;
};

// References: front/main owns each, all live as long as the event loop.
struct Services {
    const Settings& settings;
    Keys& keys;
    Ledger& ledger;
    Anchor& anchor;
    Registry& registry;
    Containment& containment;
    Credentials& credentials;
    const History& history;
    RevocationList& crl;
    Refusals& refusals;
    Host& host;
    Instances& instances;
    Launched& launched;
    Launcher& launcher;
    Measurer& measurer;
    std::map<std::string, policy::AgentFile>& agents;  // declared agents in force, by name
    policy::Operators& operators;                      // as of the last apply, or start
    std::function<std::int64_t()> now;                 // Unix seconds
    // Worker → "attached" or "replacing", as the front's links know it; for status.
    std::function<std::map<std::string, std::string>()> links;
    Ongoing ongoing{};
    LimitsInForce limits{};
    // NOLINTBEGIN(readability-redundant-member-init): g++ misses it where others are named.
    policy::Policies policies{};  // in force
    // Reads what an apply declares, off the loop.
    std::function<Async<policy::Policies>(PolicyFiles)> read_policies{};
    // Reads the durable ledger, off the loop.
    std::function<Async<Answerable>(std::uint64_t sequence)> who_answers{};
    TriggerMemory triggers{};
    // NOLINTEND(readability-redundant-member-init)
};

struct Call {
    const Peer& peer;
    const Instance* instance;  // agent socket: proved and still the same; admin socket: null
    std::string principal;     // admin socket: "login:1000" or "uid:0"
    std::string argument;      // the {name} in the path, or ""
    std::string body;
    // Is `instance` alive and the same code at this moment? Asked again after every wait.
    std::function<Done()> still_same;
};

struct Answer {
    int status = 200;
    std::string content_type = "application/json";
    std::string body;
    // The release gate: while any byte of this answer is unsent, this agent must be allowed. Else
    // the connection closes and, if a sequence is given and no byte had left, a `withheld` record
    // follows; an answer half sent counts as released.
    std::string gated_agent;
    std::optional<std::uint64_t> sequence;
};

using Handler = Async<Answer> (*)(Services& services, const Call& call);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_HANDLERS_SERVICES_H
