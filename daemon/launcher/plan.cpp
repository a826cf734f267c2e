#include "daemon/launcher/plan.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include "attest/measure/environment.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"

namespace holdfast::daemon {
namespace {

constexpr std::string_view arguments_label = "holdfast-arguments-v1";

Error denied(std::string text, const char* reason) {
    return Error(Code::denied, std::move(text)).because(reason);
}

Result<policy::AgentFile> agent_file_of(const Settings& settings, const std::string& agent) {
    HOLDFAST_TRY(file, policy::read_agent_file(settings.agents_dir, agent));
    if (!file.launch)
        return denied("agent " + agent + " is recognised from outside: its file has no [launch]",
                      "not_launchable");
    return file;
}

// ── which manifest ──────────────────────────────────────────────────────────────────────────────

// Newest version first. What the store says of itself only chooses what is tried.
Result<std::vector<attest::StoredManifest>> candidates(const attest::Store& store,
                                                       const LaunchOrder& order) {
    static attest::Store::Summaries read_before;  // of this process, which has one thread
    HOLDFAST_TRY(all, store.list(read_before));
    std::erase_if(all, [&](const attest::StoredManifest& stored) {
        return stored.name != order.agent || (order.manifest && stored.digest != *order.manifest);
    });
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) {
        return std::pair(a.version, a.imported) > std::pair(b.version, b.imported);
    });
    if (all.empty())
        return denied("no manifest of agent " + order.agent +
                          (order.manifest ? " with that digest" : "") + " is in the store",
                      "manifest_not_imported");
    return all;
}

// Nothing was ever imported where there is no store yet.
Result<attest::Store> store_of(const Settings& settings) {
    auto store = attest::Store::open(settings.store_dir, ::geteuid());
    if (store || store.error().code() != Code::not_found) return store;
    return denied(std::move(store).error().text(), "manifest_not_imported");
}

Result<attest::SignedManifest> open_stored(const attest::Store& store,
                                           const attest::StoredManifest& stored,
                                           const std::vector<std::string>& keys) {
    HOLDFAST_TRY(envelope, store.envelope(stored.digest));
    HOLDFAST_TRY(opened, attest::open_manifest(envelope, keys));
    if (opened.digest != stored.digest)
        return denied("the store has another manifest under that digest", "store_changed");
    return opened;
}

// Anybody's manifest may be in the store: the newest that a trusted key signed is meant. Whether
// it is valid today is asked of that one, not of an older one instead.
Result<attest::SignedManifest> trusted_manifest(const attest::Store& store,
                                                const LaunchOrder& order,
                                                const std::vector<std::string>& keys) {
    HOLDFAST_TRY(stored, candidates(store, order));
    std::optional<Error> first;
    for (const auto& candidate : stored) {
        auto opened = open_stored(store, candidate, keys);
        if (opened) return opened;
        if (!first) first = std::move(opened).error();
    }
    return *std::move(first);
}

// Whom the loader makes take other code would never be recognised: said before it is started.
Done check_variables(const attest::Manifest& manifest) {
    std::string variables;
    for (const auto& [name, value] : manifest.environment)
        variables.append(name).append("=").append(value).push_back('\0');
    return attest::check_loader_environment(variables);
}

Done check_manifest_for(const attest::SignedManifest& manifest, const LaunchOrder& order,
                        const AgentRecord& record, std::int64_t now) {
    const attest::Manifest& said = manifest.manifest;
    if (said.name != order.agent)
        return denied("the manifest is of agent " + said.name, "manifest_of_another");
    HOLDFAST_CHECK(attest::check_validity(said, now));
    if (said.version < record.version && !order.allow_downgrade)
        return denied("version " + std::to_string(said.version) + " is older than version " +
                          std::to_string(record.version) + ", which was launched before",
                      "manifest_downgraded");
    return check_variables(said);
}

// ── what is outside the tree ────────────────────────────────────────────────────────────────────

Done check_host_file(const MeasuredFile& expected) {
    const auto changed = [&](const std::string& what) {
        return denied("host file " + expected.path + " " + what, "host_file_changed");
    };
    const Descriptor file(::open(expected.path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0)
        return changed("cannot be opened: " + std::generic_category().message(errno));
    if (!S_ISREG(facts.st_mode)) return changed("is no regular file");
    if (facts.st_uid != 0 || (facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return changed("may be written by others than root");
    HOLDFAST_TRY(digest, crypto::sha256_of_file(file.get()));
    if (digest != expected.digest) return changed("is not the one the manifest names");
    return done();
}

std::vector<Sha256> code_of(const attest::Manifest& manifest) {
    std::vector<Sha256> code;
    code.reserve(manifest.tree.size() + manifest.host_files.size());
    for (const auto& entry : manifest.tree)
        if (entry.type == attest::EntryType::file) code.push_back(entry.digest);
    for (const auto& file : manifest.host_files)
        code.push_back(file.digest);
    std::sort(code.begin(), code.end());
    code.erase(std::unique(code.begin(), code.end()), code.end());
    return code;
}

// ── what it is given ────────────────────────────────────────────────────────────────────────────

// The manifest's variables, and ours, which win.
std::vector<std::string> environment_of(const attest::Manifest& manifest, const Settings& settings,
                                        const std::string& data_directory,
                                        const std::string& instance) {
    auto variables = manifest.environment;
    variables["HOLDFAST_SOCKET"] = settings.agent_socket;
    variables["HOLDFAST_INSTANCE"] = instance;
    variables["HOLDFAST_DATA"] = data_directory;
    variables.try_emplace("HOME", data_directory);
    std::vector<std::string> environment;
    environment.reserve(variables.size());
    for (const auto& [name, value] : variables)
        environment.emplace_back(name).append("=").append(value);
    return environment;
}

void append_prefixed(crypto::Sha256Stream& stream, std::string_view text) {
    const auto size = static_cast<std::uint32_t>(text.size());
    const Bytes prefix = {static_cast<std::uint8_t>(size >> 24U),
                          static_cast<std::uint8_t>(size >> 16U),
                          static_cast<std::uint8_t>(size >> 8U), static_cast<std::uint8_t>(size)};
    stream.update(prefix).update(view_of(text));
}

}  // namespace

Result<LaunchPlan> plan_launch(const Settings& settings, const LaunchOrder& order,
                               const AgentRecords& records, std::int64_t now) {
    HOLDFAST_TRY(file, agent_file_of(settings, order.agent));
    HOLDFAST_TRY(store, store_of(settings));
    HOLDFAST_TRY(manifest, trusted_manifest(store, order, file.launch->manifest_keys));
    HOLDFAST_TRY(record, records.of(order.agent));
    HOLDFAST_CHECK(check_manifest_for(manifest, order, record, now));
    HOLDFAST_TRY(view, store.open_view(manifest));
    for (const auto& host_file : manifest.manifest.host_files)
        HOLDFAST_CHECK(check_host_file(host_file));

    LaunchPlan plan{std::move(manifest), std::move(view), *file.launch, record, {}, {}, {}, {}};
    const attest::Manifest& said = plan.manifest.manifest;
    plan.code = code_of(said);
    plan.arguments = said.arguments;
    plan.data_directory = settings.agent_data(order.agent);
    plan.environment = environment_of(said, settings, plan.data_directory, order.instance);
    return plan;
}

Result<Sha256> launchable_manifest(const Settings& settings, const std::string& agent) {
    HOLDFAST_TRY(file, agent_file_of(settings, agent));
    HOLDFAST_TRY(store, store_of(settings));
    const LaunchOrder order{agent, "", std::nullopt, false};
    HOLDFAST_TRY(manifest, trusted_manifest(store, order, file.launch->manifest_keys));
    return manifest.digest;
}

Sha256 arguments_digest(const LaunchPlan& plan) {
    crypto::Sha256Stream stream;
    append_prefixed(stream, arguments_label);
    append_prefixed(stream, std::to_string(plan.arguments.size()));
    for (const auto& argument : plan.arguments)
        append_prefixed(stream, argument);
    for (const auto& variable : plan.environment)
        append_prefixed(stream, variable);
    return stream.finish();
}

}  // namespace holdfast::daemon
