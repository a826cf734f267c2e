#include <algorithm>
#include <optional>

#include "daemon/front/routes.h"
#include "holdfast/agent_id.h"

namespace holdfast::daemon {
namespace {

constexpr std::string_view placeholder = "{name}";

bool allowed_on(const Route& route, Side side) {
    return (static_cast<unsigned>(route.allowed) & static_cast<unsigned>(side)) != 0;
}

// What stands for {name} ("" when the path has none); nothing when the target is another path.
std::optional<std::string> match(std::string_view path, std::string_view target) {
    const auto at = path.find(placeholder);
    if (at == std::string_view::npos)
        return path == target ? std::optional<std::string>("") : std::nullopt;
    const auto before = path.substr(0, at);
    const auto after = path.substr(at + placeholder.size());
    if (target.size() <= before.size() + after.size() || !target.starts_with(before) ||
        !target.ends_with(after))
        return std::nullopt;
    const auto name = target.substr(before.size(), target.size() - before.size() - after.size());
    if (!check_agent_name(name)) return std::nullopt;
    return std::string(name);
}

}  // namespace

Result<Match> find_route(std::span<const Route> table, Side side, std::string_view method,
                         std::string_view target) {
    bool known_path = false;
    for (const Route& route : table) {
        if (!allowed_on(route, side)) continue;
        auto argument = match(route.path, target);
        if (!argument) continue;
        if (route.method == method) return Match{&route, *std::move(argument)};
        known_path = true;
    }
    if (known_path)
        return Error(Code::invalid, "this route has no such method").because("method_not_allowed");
    return Error(Code::not_found, "no such route on this socket");
}

std::string allowed_methods(std::span<const Route> table, Side side, std::string_view target) {
    std::string methods;
    for (const Route& route : table) {
        if (!allowed_on(route, side) || !match(route.path, target)) continue;
        if (!methods.empty()) methods += ", ";
        methods += route.method;
    }
    return methods;
}

}  // namespace holdfast::daemon
