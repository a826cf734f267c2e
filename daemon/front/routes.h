// The routes of both sockets: one table, a row per route, and the one way to look a request up.
#ifndef HOLDFAST_DAEMON_FRONT_ROUTES_H
#define HOLDFAST_DAEMON_FRONT_ROUTES_H

#include <span>
#include <string>
#include <string_view>

#include "daemon/handlers/services.h"

namespace holdfast::daemon {

// Which socket a connection came in on, and which a route is allowed on.
enum class Side : std::uint8_t { agent = 1, admin = 2 };
enum class Allowed : std::uint8_t { agent = 1, admin = 2, both = 3 };

struct Route {
    std::string_view method;
    std::string_view path;  // "{name}" stands for one segment
    Allowed allowed;
    std::size_t max_body;
    bool needs_instance;  // the caller is recognised as an agent first
    Handler handler;
};

// Every route of the daemon.
std::span<const Route> routes();

struct Match {
    const Route* route;
    std::string argument;  // what stood for {name}
};

// not_found: no such path on that socket. invalid, reason method_not_allowed: another method has
// it, allowed_methods() says which.
Result<Match> find_route(std::span<const Route> table, Side side, std::string_view method,
                         std::string_view target);
// "GET, POST", for the Allow header (RFC 9110 §10.2.1).
std::string allowed_methods(std::span<const Route> table, Side side, std::string_view target);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_FRONT_ROUTES_H
