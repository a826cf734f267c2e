#include "cli/globals.h"

#include <cstdlib>
#include <iostream>

#include "core/encode/json.h"
#include "holdfast/client.h"

namespace holdfast::cli {
namespace {

std::string_view name_of(Exit exit) {
    switch (exit) {
        case Exit::ok: return "ok";
        case Exit::error: return "error";
        case Exit::usage: return "usage";
        case Exit::denied: return "denied";
        case Exit::not_found: return "not_found";
        case Exit::unreachable: return "daemon_unreachable";
        case Exit::verification_failed: return "verification_failed";
        case Exit::backend_unavailable: return "unavailable";
        case Exit::busy: return "busy";
    }
    return "error";
}

}  // namespace

std::string agent_socket(const Globals& globals) {
    return globals.socket.empty() ? default_agent_socket() : globals.socket;
}

std::string admin_socket(const Globals& globals) {
    if (!globals.socket.empty()) return globals.socket;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this program has one thread.
    const char* chosen = std::getenv("HOLDFAST_ADMIN_SOCKET");
    if (chosen != nullptr && *chosen != '\0') return chosen;
    return "/run/holdfast/admin.sock";
}

std::string printable(std::string_view text) {
    std::string clean;
    clean.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const auto letter = static_cast<unsigned char>(text[at]);
        const auto next = static_cast<unsigned char>(at + 1 < text.size() ? text[at + 1] : 0);
        // U+0080 to U+009F in UTF-8: 0xc2 and the number itself.
        const bool is_c1 = letter == 0xc2 && next >= 0x80 && next < 0xa0;
        if (is_c1) ++at;
        clean += is_c1 || letter < 0x20 || letter == 0x7f ? '?' : text[at];
    }
    return clean;
}

Exit exit_of(const Error& error) noexcept {
    if (error.reason() == "daemon_unreachable") return Exit::unreachable;
    switch (error.code()) {
        case Code::denied: return Exit::denied;
        case Code::not_found: return Exit::not_found;
        case Code::unavailable: return Exit::backend_unavailable;
        case Code::busy:
        case Code::timeout: return Exit::busy;
        case Code::invalid:
        case Code::conflict:
        case Code::internal: return Exit::error;
    }
    return Exit::error;
}

Exit fail(const Globals& globals, const Error& error) {
    return fail_with(globals, exit_of(error), error);
}

Exit fail_with(const Globals& globals, Exit exit, const Error& error) {
    const std::string reason = error.reason().empty() ? std::string(name_of(exit)) : error.reason();
    if (globals.json) {
        encode::Json::Object problem;
        problem["code"] = reason;
        problem["detail"] = printable(error.text());
        problem["exit"] = static_cast<int>(exit);
        std::cerr << encode::canonical(std::move(problem)) << '\n';
        return exit;
    }
    std::cerr << "holdfast: " << printable(error.text());
    if (!error.reason().empty()) std::cerr << " [" << printable(reason) << "]";
    std::cerr << '\n';
    return exit;
}

}  // namespace holdfast::cli
