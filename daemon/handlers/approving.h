// How an approval is shown to those who may see it.
#ifndef HOLDFAST_DAEMON_HANDLERS_APPROVING_H
#define HOLDFAST_DAEMON_HANDLERS_APPROVING_H

#include <cstdint>

#include "api/approval_messages.h"
#include "policy/approval.h"

namespace holdfast::daemon::handlers {

// Without its document: lists of 1,024 stay small.
api::Approval shown_approval(const policy::Approval& approval, std::int64_t now);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_APPROVING_H
