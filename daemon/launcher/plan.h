// LaunchPlan: everything that must hold before an agent is started, looked at by the launcher
// itself.
#ifndef HOLDFAST_DAEMON_LAUNCHER_PLAN_H
#define HOLDFAST_DAEMON_LAUNCHER_PLAN_H

#include <cstdint>
#include <string>
#include <vector>

#include "attest/manifest/signed_manifest.h"
#include "attest/store/store.h"
#include "daemon/config.h"
#include "daemon/launcher/agent_records.h"
#include "daemon/link/launched.h"
#include "policy/agent_file.h"

namespace holdfast::daemon {

struct LaunchPlan {
    attest::SignedManifest manifest;
    attest::Store::View view;
    policy::Launch rules;
    AgentRecord record;
    std::vector<Sha256> code;  // of every file it may map: ordered, each once
    std::vector<std::string> arguments;
    std::vector<std::string> environment;  // "NAME=value", ordered
    std::string data_directory;            // the agent's own
};

// Asks the agent file whose signature counts, the store for what was imported, the host files for
// their digests. denied with one of these reasons:
//   not_launchable         the agent file has no [launch]
//   manifest_not_imported  the store has no manifest of this agent, or not that one
//   manifest_unsigned      none of the agent file's keys signed it
//   manifest_of_another    it is signed, but for another agent
//   manifest_expired, manifest_not_yet_valid, manifest_downgraded
//   loader_environment     a variable of it makes the loader take other code
//   store_changed          the view is not what was imported
//   host_file_changed      a host file is not what the manifest says, or others may write it
// What the front says is a name and at most a digest: everything else is looked up here.
Result<LaunchPlan> plan_launch(const Settings& settings, const LaunchOrder& order,
                               const AgentRecords& records, std::int64_t now);

// The manifest that a launch of this agent would take now, whether it is its time or not. Errors as
// plan_launch's about agent file, store and signature.
Result<Sha256> launchable_manifest(const Settings& settings, const std::string& agent);

// SHA-256 over length-prefixed (4 bytes big-endian) texts: "holdfast-arguments-v1", the number of
// arguments in decimal, each argument, each variable as "NAME=value".
Sha256 arguments_digest(const LaunchPlan& plan);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_PLAN_H
