// What the routes about launched agents share.
#ifndef HOLDFAST_DAEMON_HANDLERS_INSTANCES_H
#define HOLDFAST_DAEMON_HANDLERS_INSTANCES_H

#include <string>

#include "api/launch_messages.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

api::Launch launch_reply(const Launched::Entry& entry);

// In the ledger, and in the chip's register. The event's members and "type" go into both; `by` and
// nothing else only into the ledger.
Async<std::monostate> record_event(Services& services, std::string type, encode::Json::Object event,
                                   std::string by);

// Every instance of an agent; the first thing that did not work, after all were tried.
Async<std::monostate> end_all(Services& services, std::string agent, Ending ending);

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_INSTANCES_H
