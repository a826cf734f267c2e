// What the routes about launched agents share.
#ifndef HOLDFAST_DAEMON_HANDLERS_INSTANCES_H
#define HOLDFAST_DAEMON_HANDLERS_INSTANCES_H

#include <boost/asio/any_io_executor.hpp>

#include <string>

#include "api/launch_messages.h"
#include "daemon/handlers/services.h"

namespace holdfast::daemon::handlers {

api::Launch launch_reply(const LaunchedInstance& facts);

// Who did what nobody asked for.
inline constexpr const char* by_itself = "holdfast";

// An event about an agent as a whole.
encode::Json::Object event_of(const std::string& agent);

// In the ledger: the members, and who did it.
Async<std::monostate> record_event(Services& services, std::string type, encode::Json::Object event,
                                   std::string by);
// In the chip's register: the members, their type and the time.
Async<std::monostate> extend_event(Services& services, std::string type,
                                   encode::Json::Object event);
// The same beside what else is done: nobody waits for the chip to stop an agent. A failure is
// logged, and shows in the evidence as a launch without an end.
void extend_beside(Services& services, const boost::asio::any_io_executor& executor,
                   std::string type, encode::Json::Object event);

// One event for each agent of which anything runs.
void extend_for_each(Services& services, const boost::asio::any_io_executor& executor,
                     const std::string& type);

// Every instance of an agent; the last thing that did not work, after all were tried. What was
// frozen goes on only while its agent, and the host, may act, and is frozen only while not.
Async<std::monostate> end_all(Services& services, std::string agent, Ending ending);
// unavailable: until it has told of all, what runs cannot be ended whole.
Error launcher_is_silent();

}  // namespace holdfast::daemon::handlers

#endif  // HOLDFAST_DAEMON_HANDLERS_INSTANCES_H
