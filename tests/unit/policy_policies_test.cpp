// Policies: several sets together, whose permits count, and what is demanded besides.
#include "policy/cedar/limits.h"
#include "policy/policies.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

using Rules = std::vector<std::string>;

const std::string all = "(principal, action, resource);\n";

struct Sets {
    PolicySets sets;
    Sets& add(const std::string& name, const std::string& author, const std::string& rules,
              const std::string& mode = "enforce") {
        auto set =
            parse_policy_set(name + ".cedar", "//! version = 3\n//! mode = " + mode + "\n" + rules);
        if (!set) FAIL(set.error().text());
        set->author = author;
        set->may_permit = true;
        sets.insert_or_assign(name, *std::move(set));
        return *this;
    }
    Policies policies() const {
        auto policies = Policies::of(sets);
        if (!policies) FAIL(policies.error().text());
        return *std::move(policies);
    }
    std::string problem() const {
        const auto policies = Policies::of(sets);
        return policies ? "accepted" : policies.error().text();
    }
};

AgentFile bot() {
    AgentFile agent;
    agent.name = "bot";
    agent.environment = "test";
    agent.accountability = {"finance@example.org", "owner", "erin", {"oncall"}};
    return agent;
}

Action refund(const std::string& params = "") {
    Action action;
    action.action = "refund.create";
    action.audience = "https://payments.example";
    action.params = params;
    return action;
}

Decision decided(const Sets& sets, const Action& action = refund(), const AgentFile& by = bot()) {
    auto decision = sets.policies().decide(by, {}, action);
    if (!decision) FAIL(decision.error().text());
    return *std::move(decision);
}

}  // namespace

TEST_CASE("policies: what nothing permits is denied", "[policy]") {
    CHECK_FALSE(Policies().decide(bot(), {}, refund())->permitted);
    const auto decision = decided(Sets().add(
        "a", "erin", "@id(\"other\") permit(principal, action == Action::\"refund\", resource);"));
    CHECK_FALSE(decision.permitted);
    CHECK(decision.rules.empty());
    CHECK(decision.sources.empty());
}

TEST_CASE("policies: the rules that decided are named with set, version and author", "[policy]") {
    const auto decision = decided(Sets()
                                      .add("a", "erin", "@id(\"one\") permit" + all)
                                      .add("b", "erin", "@id(\"two\") permit" + all));
    CHECK(decision.permitted);
    CHECK(decision.rules == Rules{"a:one", "b:two"});
    CHECK(decision.sources == std::vector<Source>{{"a", 3, "erin"}, {"b", 3, "erin"}});
}

TEST_CASE("policies: only its own policy author can permit an agent something", "[policy]") {
    const auto sets = Sets().add("a", "carol", "@id(\"one\") permit" + all);
    CHECK_FALSE(decided(sets).permitted);
    CHECK(sets.policies().sources_for(bot()).empty());
    AgentFile carols = bot();
    carols.accountability.policy_author = "carol";
    CHECK(decided(sets, refund(), carols).permitted);
    CHECK(sets.policies().sources_for(carols) == std::vector<Source>{{"a", 3, "carol"}});
    // Nobody's permits to all.
    CHECK(decided(Sets().add("a", "", "@id(\"one\") permit" + all)).permitted);
}

TEST_CASE("policies: a forbid counts whoever wrote it, and wins", "[policy]") {
    auto sets = Sets()
                    .add("a", "erin", "@id(\"one\") permit" + all)
                    .add("b", "carol", "@id(\"never\") forbid" + all)
                    .add("c", "erin", "@id(\"two\") permit" + all);
    const auto decision = decided(sets);
    CHECK_FALSE(decision.permitted);
    CHECK(decision.rules == Rules{"b:never"});
    CHECK(decision.sources == std::vector<Source>{{"b", 3, "carol"}});
    CHECK(decision.demand == Demand());
    // Also when its author's signature counts no longer.
    sets.sets.at("b").may_permit = false;
    CHECK_FALSE(decided(sets).permitted);
}

TEST_CASE("policies: a set whose signature counts no longer permits nothing", "[policy]") {
    auto sets = Sets().add("a", "erin", "@id(\"one\") permit" + all);
    sets.sets.at("a").may_permit = false;
    CHECK_FALSE(decided(sets).permitted);
    CHECK(sets.policies().sources_for(bot()).empty());
}

TEST_CASE("policies: a forbid that cannot be evaluated denies, in whichever set", "[policy]") {
    const auto sets =
        Sets()
            .add("a", "erin", "@id(\"one\") permit" + all)
            .add("b", "erin",
                 "@id(\"cap\") forbid(principal, action, resource) when { context has params && "
                 "context.params.amount > 50 };");
    CHECK(decided(sets, refund(R"({"amount":50})")).permitted);
    CHECK_FALSE(decided(sets, refund(R"({"amount":51})")).permitted);
    CHECK(decided(sets, refund(R"({"amount":"50"})")).rules == Rules{"b:cap"});
    CHECK(decided(sets).permitted);
}

TEST_CASE("policies: what has no value in Cedar is refused by name", "[policy]") {
    const auto policies = Sets().add("a", "", "@id(\"one\") permit" + all).policies();
    const auto refused = policies.decide(bot(), {}, refund(R"({"amount":null})"));
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code() == Code::denied);
    CHECK(refused.error().reason() == "params_unreadable");
}

TEST_CASE("policies: an observed set decides nothing and tells what it would deny", "[policy]") {
    const auto sets = Sets()
                          .add("a", "erin", "@id(\"one\") permit" + all)
                          .add("new", "erin", "@id(\"one\") forbid" + all, "observe")
                          .add("none", "erin", "", "observe")
                          .add("same", "erin", "@id(\"same\") permit" + all, "observe");
    const auto decision = decided(sets);
    CHECK(decision.permitted);
    CHECK(decision.rules == Rules{"a:one"});
    REQUIRE(decision.observed.size() == 2);
    CHECK(decision.observed[0].source.set == "new");
    CHECK(decision.observed[0].rules == Rules{"new:one"});
    CHECK(decision.observed[1].rules.empty());
    CHECK_FALSE(decided(Sets().add("b", "erin", "@id(\"x\") permit" + all, "observe")).permitted);
    CHECK(sets.policies().sources_for(bot()).size() == 1);
}

TEST_CASE("policies: the strictest of what the permits demand counts", "[policy]") {
    const std::string two = "@id(\"two\") @approvals(\"2\") @approvers(\"finance\") permit" + all;
    const std::string one = "@id(\"one\") @approvals(\"1\") @approvers(\"on-call\") permit" + all;
    const std::string none = "@id(\"none\") permit" + all;
    CHECK(decided(Sets().add("a", "", one + two + none)).demand == Demand{2, "finance", {}});
    CHECK(decided(Sets().add("a", "", one).add("b", "", two)).demand == Demand{2, "finance", {}});
    CHECK(decided(Sets().add("a", "", none)).demand == Demand());
}

TEST_CASE("policies: a demand that cannot be met is a load error", "[policy]") {
    const auto with = [](const std::string& annotations, const std::string& effect = "permit") {
        return Sets().add("a", "", "@id(\"x\") " + annotations + " " + effect + all).problem();
    };
    const std::string at = "a.cedar:3:1: ";
    CHECK(with("@approvals(\"16\") @approvers(\"finance\")") == "accepted");
    for (const char* number : {"0", "17", "-1", "two", "", "1 "})
        CHECK(with("@approvals(\"" + std::string(number) + "\") @approvers(\"finance\")") ==
              at + "@approvals must be a number from 1 to 16");
    CHECK(with("@approvals(\"1\")") == at + "@approvals and @approvers belong together");
    CHECK(with("@approvers(\"finance\")") == at + "@approvals and @approvers belong together");
    for (const char* group : {"", "Finance", "a b"})
        CHECK(with("@approvals(\"1\") @approvers(\"" + std::string(group) + "\")") ==
              at + "@approvers must be the name of a group");
    CHECK(with("@approvals(\"1\") @approvers(\"finance\")", "forbid") ==
          at + "a forbid demands nothing: @approvals belongs to a permit");
}

TEST_CASE("policies: an id names one enforced rule", "[policy]") {
    const std::string rule = "@id(\"x\") permit" + all;
    CHECK(Sets().add("a", "", rule).add("b", "", rule).problem() ==
          "b.cedar:3:1: @id(\"x\") names another policy already");
    CHECK(Sets().add("a", "", rule).add("b", "", rule, "observe").problem() == "accepted");
}

TEST_CASE("policies: as many as there may be, in all sets together", "[policy]") {
    const auto rules = [](const std::string& prefix, std::size_t count) {
        std::string text;
        for (std::size_t n = 0; n < count; ++n)
            text += "@id(\"" + prefix + std::to_string(n) + "\") permit" + all;
        return text;
    };
    auto sets =
        Sets().add("a", "", rules("a", cedar::max_policies - 1)).add("b", "", rules("b", 1));
    CHECK(sets.problem() == "accepted");
    CHECK(sets.add("b", "", rules("b", 2)).problem().find("more than 10000") != std::string::npos);
}

TEST_CASE("policies: they can speak of all that the schema promises", "[policy]") {
    Situation situation;
    situation.custody = Custody::tpm;
    situation.assurance = Assurance::launched;
    situation.manifest = Sha256{};
    situation.trust_domain = "host.test";
    situation.host_custody = Custody::tpm;
    situation.has_tpm = true;
    situation.event_register = "ok";
    situation.now = 1'764'321'300;  // Friday, 2025-11-28 09:15 UTC
    Action action = refund(R"({"amount":50})");
    action.resource = "order/4711";
    action.on_behalf_of = "alice@example.org";
    const std::string zeros(64, '0');
    const auto policies =
        Sets()
            .add(
                "a", "erin",
                "@id(\"x\") permit(principal in Sponsor::\"finance@example.org\", action in "
                "Action::\"refund\", resource == Audience::\"https://payments.example\") when {"
                "principal in Environment::\"test\" && principal in Custody::\"tpm\" && principal "
                "in Assurance::\"launched\" && principal in Assurance::\"observed\" && !(principal "
                "in Assurance::\"enforced\") && principal in Manifest::\"" +
                    zeros +
                    "\" && principal.name == \"bot\" && principal.owner == \"owner\" && "
                    "principal.policy_author == \"erin\" && principal.launched && "
                    "resource.name like \"https://*\" && context.resource == \"order/4711\" && "
                    "context has on_behalf_of && context.on_behalf_of like \"*@example.org\" && "
                    "context has params && context.params.amount == 50 && "
                    "context.host.trust_domain == \"host.test\" && context.host.custody == \"tpm\" "
                    "&& context.host.tpm && context.host.register == \"ok\" && "
                    "context.time.year == 2025 && context.time.month == 11 && context.time.day == "
                    "28 && context.time.weekday == 5 && context.time.hour == 9 && "
                    "context.time.minute == 15 && context.time.unix == 1764321300 };")
            .policies();
    const auto decision = policies.decide(bot(), situation, action);
    REQUIRE(decision);
    CHECK(decision->rules == Rules{"a:x"});
}
