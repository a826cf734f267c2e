// Which processes a daemon has, and as whom each of them runs.
#ifndef HOLDFAST_DAEMON_SUPERVISOR_PLAN_H
#define HOLDFAST_DAEMON_SUPERVISOR_PLAN_H

#include <vector>

#include "daemon/config.h"
#include "daemon/supervisor_post.h"
#include "daemon/supervisor_spawn.h"
#include "daemon/supervisor_state.h"

namespace holdfast::daemon {

// The front first.
std::vector<Post> posts_for(const Settings& settings);

// Program, user and capabilities; the descriptors are the supervisor's to add.
ChildPlan plan_for(const Post& post, const Settings& settings, const Accounts& accounts);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_SUPERVISOR_PLAN_H
