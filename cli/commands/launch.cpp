// Launched agents: start, stop, list, read what they print.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <optional>
#include <system_error>
#include <thread>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/commands/wait_for.h"
#include "cli/show.h"
#include "core/encode/base64.h"
#include "holdfast/agent_id.h"
#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

using encode::Json;

constexpr std::chrono::milliseconds log_pause{200};  // between two looks at a log that is followed
constexpr std::size_t log_piece = 64UL * 1024;
constexpr std::chrono::milliseconds ending_pause{50};  // between two looks at how it ended
constexpr int ending_looks = 100;

Result<std::string> target_of(const std::string& name, const std::string& verb) {
    HOLDFAST_CHECK(check_agent_name(name));
    return "/v1/agents/" + name + "/" + verb;
}

std::string text_in(const Json& json, std::string_view name) {
    const Json* member = json.find(name);
    return member != nullptr && member->string() != nullptr ? *member->string() : std::string();
}

// ── launch ──────────────────────────────────────────────────────────────────────────────────────

Result<Json::Object> launch_request(const Values& values) {
    Json::Object request;
    if (const auto manifest = values.get("manifest")) {
        HOLDFAST_CHECK(encode::sha256_from_hex(*manifest));
        request["manifest"] = *manifest;
    }
    if (values.has("allow-downgrade")) request["allow_downgrade"] = true;
    return request;
}

const Json* find_instance(const Json& reply, std::string_view list, const std::string& instance) {
    const Json* rows = reply.find(list);
    if (rows == nullptr || rows->array() == nullptr) return nullptr;
    for (const Json& one : *rows->array())
        if (text_in(one, "instance") == instance) return &one;
    return nullptr;
}

// How the daemon says it ended. It may see that a moment after we do; one that was replaced
// meanwhile does not know.
std::optional<std::string> ending_of(const Globals& globals, const std::string& instance) {
    for (int look = 0; look < ending_looks; ++look) {
        const auto answered = get_from(admin_socket(globals), "/v1/instances");
        if (!answered) return std::nullopt;
        const Json* ended = find_instance(answered->json, "ended", instance);
        if (ended != nullptr) return text_in(*ended, "how");
        if (find_instance(answered->json, "instances", instance) == nullptr) return std::nullopt;
        std::this_thread::sleep_for(ending_pause);
    }
    return std::nullopt;
}

Json::Object stop_request(const std::string& instance) {
    Json::Object request;
    request["instance"] = instance;
    return request;
}

Exit wait_until_ended(const Globals& globals, const std::string& name, const Json& launched) {
    const Json* pid = launched.find("pid");
    if (pid == nullptr || pid->integer() == nullptr)
        return fail(globals, Error(Code::internal, "the daemon named no process"));
    const std::string instance = text_in(launched, "instance");
    bool stopped = false;
    const auto stop = [&] {
        const auto said =
            post_to(admin_socket(globals), "/v1/agents/" + name + "/stop", stop_request(instance));
        stopped = stopped || said.has_value();
    };
    const auto waited = wait_for_process(static_cast<pid_t>(*pid->integer()), stop);
    if (!waited) return fail(globals, waited.error());
    // Whatever it ends with then: it was told to.
    if (stopped) return Exit::ok;
    const auto how = ending_of(globals, instance);
    if (how == "exit status 0") return Exit::ok;
    return fail(globals, Error(Code::unavailable,
                               "agent " + name + ": " + how.value_or("ended, nobody knows how")));
}

Exit launch(const Globals& globals, const Values& values) {
    const std::string& name = values.operands().front();
    auto target = target_of(name, "launch");
    if (!target) return fail_with(globals, Exit::usage, target.error());
    auto request = launch_request(values);
    if (!request) return fail_with(globals, Exit::usage, request.error());
    auto answered = post_to(admin_socket(globals), *target, *std::move(request));
    if (!answered) return fail(globals, answered.error());
    const Exit shown = show(globals, *answered, lines_of(answered->json));
    if (shown != Exit::ok || !values.has("wait")) return shown;
    return wait_until_ended(globals, name, answered->json);
}

Exit stop(const Globals& globals, const Values& values) {
    auto target = target_of(values.operands().front(), "stop");
    if (!target) return fail_with(globals, Exit::usage, target.error());
    const auto instance = values.get("instance");
    auto answered = post_to(admin_socket(globals), *target,
                            instance ? stop_request(*instance) : Json::Object());
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

Exit ps(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/instances");
    if (!answered) return fail(globals, answered.error());
    const Json* instances = answered->json.find("instances");
    if (instances == nullptr || instances->array() == nullptr || instances->array()->empty())
        return show(globals, *answered, "no launched agent runs\n");
    return show(globals, *answered,
                table_of(*instances, {"agent", "version", "pid", "uid", "signers", "session_over",
                                      "instance"}));
}

// ── logs ────────────────────────────────────────────────────────────────────────────────────────

Result<std::string> log_path(const Globals& globals, const std::string& name) {
    HOLDFAST_CHECK(check_agent_name(name));
    HOLDFAST_TRY(answered, get_from(admin_socket(globals), "/v1/agents/" + name));
    const std::string path = text_in(answered.json, "log");
    if (path.empty())
        return Error(Code::not_found, "agent " + name + " is not launched by Holdfast");
    return path;
}

Result<Descriptor> open_log(const std::string& path) {
    Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!file)
        return Error(errno == ENOENT ? Code::not_found : Code::denied,
                     path + ": " + std::generic_category().message(errno));
    return file;
}

// What an agent prints may hold anything: to a terminal only what cannot command it.
void print(std::string_view text, bool to_terminal) {
    for (const char c : text) {
        const bool is_control = static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
        std::cout << (to_terminal && is_control && c != '\n' && c != '\t' ? '?' : c);
    }
    std::cout.flush();
}

// True when there was something.
bool print_new(int file, bool to_terminal) {
    std::string piece(log_piece, '\0');
    const ssize_t got = ::read(file, piece.data(), piece.size());
    if (got <= 0) return false;
    print(std::string_view(piece).substr(0, static_cast<std::size_t>(got)), to_terminal);
    return true;
}

// A full log was put aside and a new one begun.
bool has_successor(int file, const std::string& path) {
    struct stat ours{}, named{};
    return ::fstat(file, &ours) == 0 && ::stat(path.c_str(), &named) == 0 &&
           ours.st_ino != named.st_ino;
}

Exit logs(const Globals& globals, const Values& values) {
    auto path = log_path(globals, values.operands().front());
    if (!path) return fail(globals, path.error());
    auto file = open_log(*path);
    if (!file) return fail(globals, file.error());
    const bool to_terminal = ::isatty(STDOUT_FILENO) == 1;
    for (;;) {
        if (print_new(file->get(), to_terminal)) continue;
        if (!values.has("follow")) return Exit::ok;
        std::this_thread::sleep_for(log_pause);
        // At its end we go over to the new one.
        if (!has_successor(file->get(), *path) || print_new(file->get(), to_terminal)) continue;
        if (auto next = open_log(*path)) file = std::move(next);
    }
}

}  // namespace

std::vector<Command> launch_commands() {
    return {
        {"launch",
         "NAME",
         "start an agent from the store: measured, recorded, then executed",
         {{"manifest", "HEX", "this manifest, not the newest version"},
          {"allow-downgrade", "", "also a version older than the last one launched"},
          {"wait", "", "until it ends; SIGTERM stops it"}},
         launch},
        {"ps", "", "the launched agents that run", {}, ps},
        {"stop",
         "NAME",
         "end its instances: SIGTERM, then SIGKILL; its key is untouched",
         {{"instance", "ID", "only this one, as ps shows it"}},
         stop},
        {"logs", "NAME", "what its instances printed", {{"follow,f", "", "and what comes"}}, logs},
    };
}

}  // namespace holdfast::cli
