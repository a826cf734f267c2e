// The store of launched agents' code: import, list, gc, fsck.
#include <chrono>
#include <filesystem>

#include "cli/ask.h"
#include "cli/commands/commands.h"
#include "cli/show.h"

namespace holdfast::cli {
namespace {

using encode::Json;

// A large tree on a slow disk; the daemon ends an import that takes longer.
constexpr std::chrono::minutes patience{30};

// The daemon has another working directory. Links stay: the importer reads with our rights.
Result<std::string> absolute(const std::string& path) {
    std::error_code error;
    auto whole = std::filesystem::absolute(path, error);
    if (error || path.empty()) return Error(Code::invalid, path + ": not a path");
    return whole.lexically_normal().string();
}

Exit import(const Globals& globals, const Values& values) {
    const auto manifest = absolute(values.operands().at(0));
    if (!manifest) return fail_with(globals, Exit::usage, manifest.error());
    const auto directory = absolute(values.operands().at(1));
    if (!directory) return fail_with(globals, Exit::usage, directory.error());
    Json::Object request;
    request["directory"] = *directory;
    request["manifest"] = *manifest;
    auto answered =
        post_to(admin_socket(globals), "/v1/store/import", std::move(request), patience);
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

Exit list(const Globals& globals, const Values& /*values*/) {
    auto answered = get_from(admin_socket(globals), "/v1/store");
    if (!answered) return fail(globals, answered.error());
    const Json* manifests = answered->json.find("manifests");
    if (manifests == nullptr || manifests->array() == nullptr || manifests->array()->empty())
        return show(globals, *answered, "nothing was imported\n");
    return show(globals, *answered,
                table_of(*manifests, {"name", "version", "files", "bytes", "manifest_sha256"}));
}

Exit collect(const Globals& globals, const Values& /*values*/) {
    auto answered = post_to(admin_socket(globals), "/v1/store/collect", Json::Object(), patience);
    if (!answered) return fail(globals, answered.error());
    return show(globals, *answered, lines_of(answered->json));
}

// A store with differences is a failed verification, also for who only reads the exit code.
Exit check(const Globals& globals, const Values& /*values*/) {
    auto answered = post_to(admin_socket(globals), "/v1/store/check", Json::Object(), patience);
    if (!answered) return fail(globals, answered.error());
    const Exit shown = show(globals, *answered, lines_of(answered->json));
    const Json* differing = answered->json.find("differing");
    if (shown != Exit::ok ||
        (differing != nullptr && differing->integer() != nullptr && *differing->integer() == 0))
        return shown;
    return fail_with(globals, Exit::verification_failed,
                     Error(Code::denied, "the store differs from what its names say"));
}

}  // namespace

std::vector<Command> store_commands() {
    return {
        {"store import",
         "MANIFEST DIR",
         "copy an agent's code in, as its manifest states",
         {},
         import},
        {"store list", "", "every manifest that was imported", {}, list},
        {"store gc", "", "remove what no agent in use needs", {}, collect},
        {"store fsck", "", "read everything again and name each difference", {}, check},
    };
}

}  // namespace holdfast::cli
