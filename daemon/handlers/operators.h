// The operators' file: which one counts is on record.
#ifndef HOLDFAST_DAEMON_HANDLERS_OPERATORS_H
#define HOLDFAST_DAEMON_HANDLERS_OPERATORS_H

#include <string>

#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

// An "operators" record, unless the ledger's last one is of this file. False: nothing is new.
Async<bool> record_operators(Services& services, const policy::Operators& operators,
                             std::string by);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_OPERATORS_H
