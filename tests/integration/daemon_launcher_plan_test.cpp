// plan_launch: each reason not to launch, against a store and agent files of the test's own.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "core/encode/base64.h"
#include "tests/support/plan_world.h"
#include "tests/support/signed_by_others.h"

using namespace holdfast;
using namespace holdfast::tests;  // NOLINT(google-build-using-namespace)

namespace {

constexpr std::int64_t now = tests::plan_time;

bool has(const std::vector<std::string>& list, const std::string& wanted) {
    return std::find(list.begin(), list.end(), wanted) != list.end();
}

}  // namespace

TEST_CASE("plan: what is signed, imported and valid is launched, with a uid of its own",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.declare({pem_of(stranger), pem_of(sponsor)}, "on_change = \"refuse\"\n");
    const Sha256 digest = plans.import();
    const auto plan = plans.plan();
    REQUIRE(plan);
    CHECK(plan->manifest.digest == digest);
    CHECK(attest::to_statement(plan->manifest.manifest) == attest::to_statement(plans.manifest));
    CHECK(plan->rules.on_change == policy::OnChange::refuse);
    CHECK(plan->record.uid == 70000);
    CHECK(plan->view.root);
    CHECK(plan->data_directory == plans.settings.state_dir + "/data/bot");
    CHECK(plan->arguments == plans.manifest.arguments);
}

TEST_CASE("plan: not_launchable, where the agent file has no [launch]",
          "[daemon][launcher][plan]") {
    const PlanWorld plans;
    plans.import();
    plans.write_agent_file("[recognise]\nuid = 7\nexecutable_sha256 = \"" + std::string(64, 'a') +
                           "\"\n");
    CHECK(plans.reason() == "not_launchable");
    std::filesystem::remove(plans.settings.agents_dir + "/bot.toml");
    CHECK(plans.plan().error().code() == Code::not_found);
    CHECK(plans.records->of("other")->uid == 70000);  // nobody was given a uid for it
}

TEST_CASE("plan: an agent file that others may write launches nobody", "[daemon][launcher][plan]") {
    const PlanWorld plans;
    plans.import();
    REQUIRE(plans.reason() == "planned");
    REQUIRE(::chmod((plans.settings.agents_dir + "/bot.toml").c_str(), 0666) == 0);
    CHECK_FALSE(plans.plan());
}

TEST_CASE("plan: manifest_not_imported, of this agent or by that digest",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    auto of_another = plans.manifest;
    of_another.name = "other";
    const Sha256 foreign = plans.import(of_another);
    CHECK(plans.reason() == "manifest_not_imported");
    const Sha256 digest = plans.import();
    CHECK(plans.reason() == "planned");
    plans.order.manifest = Sha256{1};
    CHECK(plans.reason() == "manifest_not_imported");
    plans.order.manifest = foreign;
    CHECK(plans.reason() == "manifest_not_imported");
    plans.order.manifest = digest;
    CHECK(plans.reason() == "planned");
}

TEST_CASE("plan: manifest_not_imported, where there is no store yet", "[daemon][launcher][plan]") {
    const PlanWorld plans;
    REQUIRE_FALSE(std::filesystem::exists(plans.settings.store_dir));
    CHECK(plans.reason() == "manifest_not_imported");
}

TEST_CASE("plan: manifest_unsigned, where none of the agent file's keys signed it",
          "[daemon][launcher][plan]") {
    const PlanWorld plans;
    plans.import(plans.manifest, stranger);
    CHECK(plans.reason() == "manifest_unsigned");
    // The key decides, not who could have made it.
    plans.declare({pem_of(stranger)});
    CHECK(plans.reason() == "planned");
    plans.declare({std::string(tests::by_others::pem_p256.key),
                   std::string(tests::by_others::ssh_ed25519.key)});
    CHECK(plans.reason() == "manifest_unsigned");
}

TEST_CASE("plan: the newest that a trusted key signed is meant, whoever's are newer",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.manifest.version = 2;
    plans.import();
    auto newer = plans.manifest;
    newer.version = 9;
    plans.import(newer, stranger);
    auto older = plans.manifest;
    older.version = 1;
    plans.import(older);
    const auto plan = plans.plan();
    REQUIRE(plan);
    CHECK(plan->manifest.manifest.version == 2);
}

TEST_CASE("plan: what could be launched is known without launching it",
          "[daemon][launcher][plan]") {
    PlanWorld world;
    CHECK_FALSE(daemon::launchable_manifest(world.settings, "bot"));
    const Sha256 trusted = world.import();
    world.manifest.version += 1;
    world.import(world.manifest, stranger);
    const auto launchable = daemon::launchable_manifest(world.settings, "bot");
    REQUIRE(launchable);
    CHECK(*launchable == trusted);
}

TEST_CASE("plan: an expired newest version is not replaced by an older one",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.import();
    auto newer = plans.manifest;
    newer.version = 2;
    newer.not_after = now - 1;
    plans.import(newer);
    CHECK(plans.reason() == "manifest_expired");
}

TEST_CASE("plan: a manifest is valid from its first second to its last",
          "[daemon][launcher][plan]") {
    const PlanWorld plans;
    plans.import();
    const auto& [first, last] = std::pair(plans.manifest.not_before, plans.manifest.not_after);
    CHECK(plans.reason(first - 1) == "manifest_not_yet_valid");
    CHECK(plans.reason(first) == "planned");
    CHECK(plans.reason(last) == "planned");
    CHECK(plans.reason(last + 1) == "manifest_expired");
}

TEST_CASE("plan: manifest_downgraded, unless the operator allows it", "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.manifest.version = 3;
    plans.import();
    REQUIRE(plans.records->put("bot", {70000, 3}));
    CHECK(plans.reason() == "planned");  // the same again is none
    REQUIRE(plans.records->put("bot", {70000, 4}));
    CHECK(plans.reason() == "manifest_downgraded");
    plans.order.manifest = std::nullopt;
    plans.order.allow_downgrade = true;
    CHECK(plans.reason() == "planned");
    // And nothing but that.
    CHECK(plans.reason(plans.manifest.not_after + 1) == "manifest_expired");
}

TEST_CASE("plan: store_changed, where the view is not what was imported",
          "[daemon][launcher][plan]") {
    const PlanWorld plans;
    plans.import();
    const auto views = plans.world.names("views");
    REQUIRE(views.size() == 1);
    const std::string view = plans.world.store("views/" + views.front());
    REQUIRE(::chmod(view.c_str(), 0755) == 0);
    SECTION("more") {
        std::ofstream(view + "/more") << "code";
    }
    SECTION("less") {
        std::filesystem::remove(view + "/agent");
    }
    SECTION("other") {
        std::filesystem::remove(view + "/agent");
        std::ofstream(view + "/agent") << "other code";
        REQUIRE(::chmod((view + "/agent").c_str(), 0755) == 0);
    }
    CHECK(plans.reason() == "store_changed");
}

TEST_CASE("plan: host_file_changed, in each of its ways", "[daemon][launcher][plan]") {
    PlanWorld plans;
    const std::string own = plans.world.file("host-file");
    std::ofstream(own) << "a host file";
    (void)::chmod(own.c_str(), 0644);
    const auto reason_with = [&](const MeasuredFile& file) {
        plans.manifest.host_files = {file};
        ++plans.manifest.version;
        plans.import();
        return plans.reason();
    };
    CHECK(reason_with(host_file("/bin/true")) == "planned");
    CHECK(reason_with({"/bin/true", Sha256{1}}) == "host_file_changed");
    CHECK(reason_with({"/nonexistent/lib.so", Sha256{1}}) == "host_file_changed");
    CHECK(reason_with({"/usr/bin", Sha256{1}}) == "host_file_changed");
    CHECK(reason_with({"/dev/zero", Sha256{1}}) == "host_file_changed");
    if (::geteuid() != 0) {
        CHECK(reason_with(host_file(own)) == "host_file_changed");
        HOLDFAST_SKIP("needs root to own a host file");
    }
    CHECK(reason_with(host_file(own)) == "planned");
    for (const mode_t mode : {0664U, 0646U}) {
        REQUIRE(::chmod(own.c_str(), mode) == 0);
        CHECK(plans.reason() == "host_file_changed");
    }
    REQUIRE(::chmod(own.c_str(), 0644) == 0);
    REQUIRE(plans.reason() == "planned");
    REQUIRE(::chown(own.c_str(), 20001, 0) == 0);
    CHECK(plans.reason() == "host_file_changed");
    REQUIRE(::chown(own.c_str(), 0, 0) == 0);
    std::ofstream(own) << "another host file";
    CHECK(plans.reason() == "host_file_changed");
}

TEST_CASE("plan: uid_outside_range and uids_used_up stop a launch", "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.import();
    REQUIRE(plans.records->put("bot", {69999, 0}));
    CHECK(plans.reason() == "uid_outside_range");
    PlanWorld full;
    full.import();
    for (uid_t i = 0; i < 10; ++i)
        REQUIRE(full.records->put("a" + std::to_string(i), {70000 + i, 0}));
    CHECK(full.reason() == "uids_used_up");
}

TEST_CASE("plan: what it may map is each file of tree and host, once and in order",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.manifest.host_files = {host_file("/bin/true")};
    plans.import();
    const auto plan = plans.plan();
    REQUIRE(plan);
    std::vector<Sha256> expected = {host_file("/bin/true").digest};
    for (const auto& entry : plans.manifest.tree)
        if (entry.type == attest::EntryType::file) expected.push_back(entry.digest);
    std::sort(expected.begin(), expected.end());
    expected.erase(std::unique(expected.begin(), expected.end()), expected.end());
    CHECK(plan->code == expected);
    CHECK(std::is_sorted(plan->code.begin(), plan->code.end()));
    // A link's target is no code.
    for (const auto& entry : plans.manifest.tree)
        if (entry.type == attest::EntryType::link)
            CHECK_FALSE(std::binary_search(plan->code.begin(), plan->code.end(), entry.digest));
}

TEST_CASE("plan: the environment is the manifest's and ours, and ours wins",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.manifest.environment = {{"LANG", "C"}, {"HOME", "/srv"}};
    plans.import();
    auto plan = plans.plan();
    REQUIRE(plan);
    CHECK(plan->environment ==
          std::vector<std::string>{
              "HOLDFAST_DATA=" + plans.settings.state_dir + "/data/bot", "HOLDFAST_INSTANCE=ab",
              "HOLDFAST_SOCKET=/run/holdfast/agent.sock", "HOME=/srv", "LANG=C"});
    plans.manifest.environment = {};
    ++plans.manifest.version;
    plans.import();
    plan = plans.plan();
    REQUIRE(plan);
    CHECK(has(plan->environment, "HOME=" + plans.settings.state_dir + "/data/bot"));
}

TEST_CASE("plan: the digest of arguments and environment tells where one ends",
          "[daemon][launcher][plan]") {
    PlanWorld plans;
    plans.import();
    auto plan = plans.plan();
    REQUIRE(plan);
    const auto digest_of = [&](std::vector<std::string> arguments,
                               std::vector<std::string> environment) {
        plan->arguments = std::move(arguments);
        plan->environment = std::move(environment);
        return daemon::arguments_digest(*plan);
    };
    // Made with printf and sha256sum from the words of plan.h.
    CHECK(encode::hex(digest_of({"a", "bc"}, {"X=1"})) ==
          "d58f9695c2b1b41c049c3188975d55884c62b42bf144bb867d974cd9307ed759");
    CHECK(digest_of({"a", "bc"}, {"X=1"}) != digest_of({"ab", "c"}, {"X=1"}));
    CHECK(digest_of({"a", "X=1"}, {}) != digest_of({"a"}, {"X=1"}));
    CHECK(digest_of({"a"}, {"X=1"}) != digest_of({"a"}, {"X=2"}));
    CHECK(digest_of({"a"}, {}) == digest_of({"a"}, {}));
}
