// PlanWorld: an agent "bot" with a signed manifest, its code in a store, all of the test's own.
#ifndef HOLDFAST_TESTS_SUPPORT_PLAN_WORLD_H
#define HOLDFAST_TESTS_SUPPORT_PLAN_WORLD_H

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "core/crypto/digest.h"
#include "core/crypto/signature.h"
#include "core/encode/pem.h"
#include "daemon/launcher/plan.h"
#include "tests/support/catch.h"
#include "tests/support/sample_manifest.h"
#include "tests/support/software_key.h"
#include "tests/support/store_world.h"

namespace holdfast::tests {

inline constexpr std::int64_t plan_time = 1'700'000'000;
inline const SoftwareKey sponsor;
inline const SoftwareKey stranger;

inline std::string pem_of(const SoftwareKey& key) {
    return encode::to_pem("PUBLIC KEY", key.spki());
}

inline std::string signed_by(const SoftwareKey& key, const attest::Manifest& manifest) {
    return envelope_of(attest::to_statement(manifest), "",
                       [&](ByteView message) { return *crypto::der_of_raw(key.sign(message)); });
}

inline MeasuredFile host_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return {path, *crypto::sha256_of_file(file.get())};
}

// An agent "bot" that may be launched, and its code in the store.
struct PlanWorld {
    PlanWorld() {
        world.fill();
        settings.agents_dir = world.file("agents.d");
        settings.store_dir = world.store();
        settings.state_dir = world.file("state");
        settings.agent_socket = "/run/holdfast/agent.sock";
        std::filesystem::create_directory(settings.agents_dir);
        (void)::chmod(settings.agents_dir.c_str(), 0755);
        declare({pem_of(sponsor)});
        manifest = world.manifest();
        manifest.not_before = plan_time - 100;
        manifest.not_after = plan_time + 100;
    }
    void declare(const std::vector<std::string>& keys, const std::string& more = "") const {
        std::string list;
        for (const auto& key : keys)
            list += "'''" + key + "''',";
        write_agent_file("[launch]\nmanifest_keys = [" + list + "]\n" + more);
    }
    void write_agent_file(const std::string& tables) const {
        const std::string path = settings.agents_dir + "/bot.toml";
        std::ofstream(path) << "name = \"bot\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
                               "policy_author = \"p\"\ncan_stop = [\"c\"]\n"
                            << tables;
        (void)::chmod(path.c_str(), 0644);
    }
    // Its digest.
    Sha256 import(const attest::Manifest& one, const SoftwareKey& key = sponsor) const {
        const auto imported = world.import(signed_by(key, one));
        INFO((imported ? "" : imported.error().text()));
        REQUIRE(imported);
        return imported->manifest;
    }
    Sha256 import() const { return import(manifest); }
    Result<daemon::LaunchPlan> plan(std::int64_t at = plan_time) const {
        return daemon::plan_launch(settings, order, *records, at);
    }
    std::string reason(std::int64_t at = plan_time) const {
        const auto planned = plan(at);
        if (planned) return "planned";
        UNSCOPED_INFO(planned.error().text());
        return planned.error().reason();
    }

    test::StoreWorld world;
    daemon::Settings settings;
    attest::Manifest manifest;
    daemon::LaunchOrder order{"bot", "ab", std::nullopt, false};
    Result<daemon::AgentRecords> records =
        daemon::AgentRecords::open(world.file("launcher"), {70000, 10});
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_PLAN_WORLD_H
