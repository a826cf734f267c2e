// Policy sets in the daemon: taken in by apply, kept for the next start, told in replies.
#include "tests/support/catch.h"
#include "tests/support/handler_world.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using namespace holdfast::tests;
namespace handlers = holdfast::daemon::handlers;

namespace {

constexpr const char* refund =
    R"({"action":"refund.create","audience":"https://payments.example"})";

struct PolicyWorld : HandlerWorld {
    SshSigner erin{1}, carol{2}, stranger{3};

    PolicyWorld() {
        declare(bot);
        std::ofstream(settings.agents_dir + "/" + bot + ".toml")
            << "name = \"" << bot << "\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
            << "policy_author = \"author@example.org\"\ncan_stop = [\"c\"]\n"
            << "[recognise]\nuid = " << peer.uid << "\nexecutable_sha256 = \""
            << std::string(64, 'e') << "\"\n";
        write_operators(true);
        if (applied() != "payments unchanged 1") throw std::runtime_error(applied());
    }
    void write_operators(bool erin_writes) {
        const auto one = [](const char* name, const SshSigner& key, bool policies) {
            return "[[operator]]\nname = \"" + std::string(name) + "\"\nkeys = [\"" + key.line() +
                   "\"]\npolicies = " + (policies ? "true\n" : "false\n");
        };
        std::ofstream(settings.operators_file)
            << one("author@example.org", erin, erin_writes) << one("carol", carol, true);
    }
    std::string file(const std::string& name) const {
        return settings.policies_dir + "/" + name + ".cedar";
    }
    static std::string permit(int version, const std::string& action = "refund.create") {
        return "//! version = " + std::to_string(version) +
               "\n@id(\"x\") permit(principal, action == Action::\"" + action + "\", resource);\n";
    }
    void write(const std::string& name, const std::string& text) {
        std::filesystem::remove(file(name) + ".sig");
        std::ofstream(file(name)) << text;
    }
    void write_signed(const std::string& name, const std::string& text, const SshSigner& key) {
        write(name, text);
        std::ofstream(file(name) + ".sig") << key.armored(text, "holdfast-policy");
    }
    Result<daemon::Answer> apply(const std::string& body = "") {
        return as_operator(handlers::apply, "", body);
    }
    // "extra created 1, payments unchanged 1"
    std::string applied(const std::string& body = "") {
        const auto answer = apply(body);
        const auto json = json_of(answer);
        const encode::Json* list = json.find("policies");
        if (list == nullptr) return reason_of(answer);
        std::string text;
        for (const encode::Json& change : *list->array())
            text += (text.empty() ? "" : ", ") + text_at(change, {"set"}) + " " +
                    text_at(change, {"change"}) + " " + text_at(change, {"version"});
        return text;
    }
    std::string asked(const std::string& body = refund) {
        const auto answer = as_agent(handlers::sign_action, body);
        return answer ? "signed" : answer.error().reason();
    }
    // As after a restart: memory is empty, the registry and the files are there.
    void restart() {
        services.policies = {};
        operators = {};
        REQUIRE(run_async(loop, handlers::start(services)));
    }
};

const std::string unchanged = "payments unchanged 1";

}  // namespace

TEST_CASE("apply: a new policy set is recorded and in force", "[daemon][apply][policies]") {
    PolicyWorld world;
    world.write("extra", PolicyWorld::permit(1, "payout.create"));
    const auto payout = R"({"action":"payout.create","audience":"https://payments.example"})";
    CHECK(world.applied(R"({"dry_run":true})") == "extra created 1, " + unchanged);
    CHECK(world.asked(payout) == "action_not_allowed");
    const std::string told = world.applied();
    CHECK(told == "extra created 1, " + unchanged);
    CHECK(world.asked(payout) == "signed");
    REQUIRE(world.ledger.count("policy") == 1);
    const auto record =
        std::ranges::find(world.ledger.records, "policy", &FakeLedger::Appended::type);
    const auto& members = record->members;
    CHECK(*members.at("set").string() == "extra");
    CHECK(*members.at("change").string() == "created");
    CHECK(*members.at("by").string() == "login:1000");
    CHECK(*members.at("mode").string() == "enforce");
    CHECK(members.at("file_sha256").string()->size() == 64);
    CHECK_FALSE(members.contains("author"));
    CHECK(world.applied() == "extra unchanged 1, " + unchanged);
    CHECK(world.ledger.count("policy") == 1);
}

TEST_CASE("apply: a policy set goes forward only", "[daemon][apply][policies]") {
    PolicyWorld world;
    world.write("extra", PolicyWorld::permit(2));
    REQUIRE(world.apply());
    SECTION("a newer version") {
        world.write("extra", PolicyWorld::permit(3, "payout.create"));
        CHECK(world.applied() == "extra changed 3, " + unchanged);
        world.write("extra", PolicyWorld::permit(2));
        CHECK(world.applied() == "policy_older");
    }
    SECTION("an older one") {
        world.write("extra", PolicyWorld::permit(1));
        CHECK(world.applied() == "policy_older");
    }
    SECTION("another text under the same version") {
        world.write("extra", PolicyWorld::permit(2, "payout.create"));
        CHECK(world.applied() == "policy_same_version");
    }
    SECTION("another author under the same version") {
        world.write_signed("extra", PolicyWorld::permit(2), world.carol);
        CHECK(world.applied() == "policy_same_version");
    }
    SECTION("gone") {
        std::filesystem::remove(world.file("extra"));
        CHECK(world.applied() == "policy_vanished");
        CHECK(world.applied(R"({"dry_run":true})") == "policy_vanished");
    }
    CHECK(world.services.policies.sets().size() == 2);
}

TEST_CASE("apply: a version without policies ends a set, and no older one comes back",
          "[daemon][apply][policies]") {
    PolicyWorld world;
    world.write("extra", PolicyWorld::permit(2));
    REQUIRE(world.apply());
    world.write("extra", "//! version = 3\n");
    CHECK(world.applied() == "extra changed 3, " + unchanged);
    std::filesystem::remove(world.file("extra"));
    CHECK(world.applied() == unchanged + ", extra vanished 3");
    CHECK(world.applied() == unchanged);
    world.restart();
    world.write("extra", PolicyWorld::permit(2));
    CHECK(world.applied() == "policy_older");
    world.write("extra", PolicyWorld::permit(4));
    CHECK(world.applied() == "extra changed 4, " + unchanged);
}

TEST_CASE("apply: one refused set, and everything stays as it was", "[daemon][apply][policies]") {
    PolicyWorld world;
    world.settings.policy_unsigned_allowed = false;
    world.write_signed("payments", PolicyWorld::permit(2, "payout.create"), world.erin);
    const std::string text = PolicyWorld::permit(1);
    std::string reason = "invalid";
    SECTION("nobody's") {
        world.write("extra", text);
        reason = "policy_unsigned";
    }
    SECTION("a stranger's") {
        world.write_signed("extra", text, world.stranger);
        reason = "unknown_signer";
    }
    SECTION("of somebody who may not") {
        world.write_operators(false);
        world.write_signed("extra", text, world.carol);
        reason = "not_policy_author";
    }
    SECTION("for another use") {
        world.write("extra", text);
        std::ofstream(world.file("extra") + ".sig") << world.erin.armored(text);
        reason = "wrong_namespace";
    }
    CHECK(world.applied() == reason);
    CHECK(world.services.policies.sets().at("payments").version == 1);
    CHECK(world.registry.policies().at("payments").version == 1);
    CHECK(world.ledger.count("policy") == 0);
    CHECK(world.asked() == "signed");
}

TEST_CASE("policies: an agent is under its own policy author", "[daemon][policies]") {
    PolicyWorld world;
    world.write("payments", "//! version = 2\n");
    world.write_signed("a", PolicyWorld::permit(1), world.carol);
    REQUIRE(world.apply());
    CHECK(world.asked() == "action_not_allowed");
    world.write_signed("b", "//! version = 1\n@id(\"y\") permit(principal, action, resource);\n",
                       world.erin);
    REQUIRE(world.apply());
    CHECK(world.asked() == "signed");
    const auto shown = json_of(world.as_operator(handlers::show_agent, PolicyWorld::bot));
    const encode::Json* declared = shown.find("declared");
    REQUIRE(declared != nullptr);
    const auto& sets = *declared->find("policies")->array();
    REQUIRE(sets.size() == 2);  // payments permits nothing, but is nobody's
    CHECK(text_at(sets[0], {"set"}) == "b");
    CHECK(text_at(sets[0], {"author"}) == "author@example.org");
}

TEST_CASE("policies: what was in force is in force again, whatever the files say meanwhile",
          "[daemon][policies]") {
    PolicyWorld world;
    world.write("payments", PolicyWorld::permit(2, "payout.create"));
    world.restart();
    CHECK(world.services.policies.sets().at("payments").version == 1);
    CHECK(world.asked() == "signed");
    std::filesystem::remove_all(world.settings.policies_dir);
    world.restart();
    CHECK(world.asked() == "signed");
}

TEST_CASE("policies: a set whose author went permits nothing and forbids on",
          "[daemon][policies]") {
    PolicyWorld world;
    world.write_signed("payments",
                       "//! version = 2\n@id(\"p\") permit(principal, action, resource);\n",
                       world.erin);
    world.write_signed("never",
                       "//! version = 1\n@id(\"n\") forbid(principal, action, resource) when "
                       "{ context.resource == \"x\" };\n",
                       world.erin);
    REQUIRE(world.apply());
    CHECK(world.asked() == "signed");
    world.write_operators(false);
    world.restart();
    CHECK(world.asked() == "action_not_allowed");
    world.put_policy("anybody",
                     "//! version = 1\n@id(\"a\") permit(principal, action, resource);\n");
    CHECK(world.asked() == "signed");
    CHECK(world.asked(R"({"action":"a","audience":"b","resource":"x"})") == "forbidden_by_policy");
    const auto listed = json_of(world.as_operator(handlers::list_policies, ""));
    const auto& sets = *listed.find("policies")->array();
    REQUIRE(sets.size() == 3);
    CHECK(text_at(sets[1], {"set"}) == "never");
    CHECK(text_at(sets[1], {"permits"}) == "false");
}

TEST_CASE("policies: what the registry kept and nobody can read permits nothing",
          "[daemon][policies]") {
    PolicyWorld world;
    REQUIRE(world.registry.put_policies({{"broken", {"broken", 1, "permit everything", ""}}}));
    world.restart();
    CHECK(world.services.policies.sets().empty());
    CHECK(world.asked() == "action_not_allowed");
}

TEST_CASE("sign: the rules that decided are in the reply, the statement and the record",
          "[daemon][sign][policies]") {
    PolicyWorld world;
    world.put_policy("observed",
                     "//! version = 5\n//! mode = observe\n@id(\"o\") forbid(principal, "
                     "action, resource);\n");
    const auto answer = world.as_agent(handlers::sign_action, refund);
    REQUIRE(answer);
    CHECK(json_of(answer).find("rules")->array()->front() == encode::Json("payments:refunds"));
    const auto& record = world.ledger.records.back().members;
    CHECK(text_at(record.at("statement"), {"rule"}) == "payments:refunds");
    CHECK(encode::canonical(record.at("policy")) ==
          R"({"host":{"custody":"software-tpm","register":"ok","tpm":true},)"
          R"("observed":[{"rules":["observed:o"],"set":"observed","version":5}],)"
          R"("rules":["payments:refunds"],"sets":[{"set":"payments","version":1}]})");
}

TEST_CASE("sign: a refusal names the rules that forbade it", "[daemon][sign][policies]") {
    PolicyWorld world;
    world.put_policy("never", "//! version = 2\n@id(\"n\") forbid(principal, action, resource);\n");
    const auto refused = world.as_agent(handlers::sign_action, refund);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().reason() == "forbidden_by_policy");
    CHECK(refused.error().text() == "policy: forbidden by never:n");
    const auto& asked = world.ledger.records.back().members.at("asked");
    CHECK(text_at(asked, {"rule"}) == "never:n");
    CHECK(encode::canonical(*asked.find("policy")) ==
          R"({"rules":["never:n"],"sets":[{"set":"never","version":2}]})");
}

TEST_CASE("sign: of very many rules the first are named", "[daemon][sign][policies]") {
    PolicyWorld world;
    std::string text = "//! version = 1\n";
    for (int n = 0; n < 40; ++n)
        text += "@id(\"r" + std::to_string(n) + "\") permit(principal, action, resource);\n";
    world.put_policy("many", text);
    const auto answer = world.as_agent(handlers::sign_action, refund);
    REQUIRE(answer);
    CHECK(json_of(answer).find("rules")->array()->size() == 32);
    CHECK(world.ledger.records.back().members.at("policy").find("rules")->array()->size() == 32);
}
