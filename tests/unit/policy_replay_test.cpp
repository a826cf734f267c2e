// What a ledger recorded, decided again by other policies.
#include "policy/replay.h"
#include "tests/support/policy_records.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using namespace holdfast::policy;
using encode::Json;
using tests::action_record;
using tests::agent_record;
using tests::policies_of;
using tests::refusal_record;
using tests::statement_of;

namespace {

constexpr const char* small =
    "@id(\"small\") permit(principal, action == Action::\"refund.create\", resource)\n"
    "when { context has params && context.params.amount <= 50 };\n";

// After the record of its agent.
Replayed replay(const Policies& policies, const std::string& type, const Json::Object& members) {
    Replay again(policies);
    REQUIRE(again.take("agent", 1, 1767600000, agent_record()));
    REQUIRE(again.take(type, 2, 1767614401, members));
    return again.replayed();
}

Replayed replay(const std::string& rules, const Json::Object& members) {
    const Policies policies = policies_of(rules);
    return replay(policies, "action", members);
}

std::string would_be(const Replayed& all) {
    return all.changes.size() == 1 ? all.changes.front().would_be : "no change";
}

Json approval_by(unsigned count, const std::string& group) {
    ApprovalDocument document;
    document.id = approval_id(Bytes(approval_id_bytes, 1));
    document.host = "host.test";
    document.agent = "spiffe://host.test/agent/bot";
    document.action = statement_of().action;
    document.rule = "refunds:small";
    document.demand = {count, group, {}};
    if (group.empty()) document.demand.people = {"oncall@example.org"};
    document.expires = 1767614500;
    const auto text = write_approval_document(document);
    REQUIRE(text);
    SignedApproval approval{document, {}};
    for (unsigned n = 0; n < count; ++n)
        approval.signatures.push_back(
            {"operator" + std::to_string(n), "SHA256:x",
             tests::SshSigner(static_cast<std::uint8_t>(n + 1)).sign(*text)});
    return to_json(approval);
}

}  // namespace

TEST_CASE("replay: what the same rules sign again is the same", "[policy][replay]") {
    const auto all = replay(small, action_record());
    CHECK(all.actions == 1);
    CHECK(all.same == 1);
    CHECK(all.changed == 0);
    CHECK(all.changes.empty());
}

TEST_CASE("replay: what other rules sign is signed still", "[policy][replay]") {
    const auto all = replay("@id(\"all\") permit(principal, action, resource);", action_record());
    CHECK(all.other_rules == 1);
    CHECK(all.same == 0);
    CHECK(all.changed == 0);
}

TEST_CASE("replay: of many rules the first are on record", "[policy][replay]") {
    std::string rules;
    std::vector<std::string> named;
    for (std::size_t n = 0; n <= rules_on_record; ++n) {
        const std::string id = "rule-" + std::to_string(n);
        rules += "@id(\"" + id + "\") permit(principal, action, resource);\n";
        if (n < rules_on_record) named.push_back("refunds:" + id);
    }
    CHECK(replay(rules, action_record(statement_of(), named)).same == 1);
    named.pop_back();
    CHECK(replay(rules, action_record(statement_of(), named)).other_rules == 1);
}

TEST_CASE("replay: what would be denied is told, and by which rules", "[policy][replay]") {
    const auto all = replay(std::string(small) +
                                "@id(\"noon\") forbid(principal, action, resource) when { "
                                "context.time.hour == 12 };\n"
                                "@id(\"bot\") forbid(principal == Agent::\"bot\", action, "
                                "resource);",
                            action_record());
    REQUIRE(all.changes.size() == 1);
    const Change& change = all.changes.front();
    CHECK(change.sequence == 2);
    CHECK(change.time == 1767614401);
    CHECK(change.agent == "bot");
    CHECK(change.action == "refund.create");
    CHECK(change.audience == "https://pay.example");
    CHECK(change.was == "refunds:small");
    CHECK(change.would_be == "denied by refunds:noon, refunds:bot");
    CHECK(all.changed == 1);
    CHECK(all.by_rule == Counts{{"denied by refunds:bot", 1}, {"denied by refunds:noon", 1}});

    const auto nothing = replay("", action_record());
    CHECK(would_be(nothing) == "denied by default");
    CHECK(nothing.by_rule == Counts{{"denied by default", 1}});
}

TEST_CASE("replay: decides by everything that was on record", "[policy][replay]") {
    Statement statement = statement_of();
    statement.assurance = Assurance::launched;
    statement.measurement.fill(0xaa);
    statement.action.resource = "order/7";
    statement.action.on_behalf_of = "ann";
    const std::string digest(64, 'a');
    const auto holds = [&statement](const std::string& condition) {
        return replay("@id(\"a\") permit(principal, action, resource) when { " + condition + " };",
                      action_record(statement))
                   .changed == 0;
    };
    CHECK(holds("principal.name == \"bot\" && principal.launched"));
    CHECK(holds("principal has environment && principal.environment == \"production\""));
    CHECK(holds("principal.sponsor == \"sponsor@example.org\""));
    CHECK(holds("principal.owner == \"owner@example.org\""));
    CHECK(holds("principal.policy_author == \"carol@example.org\""));
    CHECK(holds("principal in Manifest::\"" + digest + "\""));
    CHECK(holds("principal.custody == \"tpm\""));
    CHECK(holds("context.resource == \"order/7\""));
    CHECK(holds("context has on_behalf_of && context.on_behalf_of == \"ann\""));
    CHECK(holds("context has params && context.params.amount == 50"));
    CHECK(holds("context.host.trust_domain == \"host.test\" && context.host.tpm"));
    CHECK(holds("context.host.custody == \"tpm\" && context.host.register == \"ok\""));
    CHECK(holds("context.time.unix == 1767614400"));
    CHECK_FALSE(holds("principal.name == \"other\""));
    statement.assurance = Assurance::observed;
    CHECK_FALSE(holds("principal in Manifest::\"" + digest + "\""));
}

TEST_CASE("replay: approvals that were not given are a change", "[policy][replay]") {
    const std::string two =
        "@id(\"small\") @approvals(\"2\") @approvers(\"finance\") permit(principal, action, "
        "resource);";
    Json::Object record = action_record();
    CHECK(would_be(replay(two, record)) == "asks for 2 approvals of finance");
    record["approvals"] = approval_by(1, "finance");
    CHECK(would_be(replay(two, record)) == "asks for 2 approvals of finance");
    record["approvals"] = approval_by(2, "legal");
    CHECK(would_be(replay(two, record)) == "asks for 2 approvals of finance");
    record["approvals"] = approval_by(2, "finance");
    CHECK(replay(two, record).same == 1);
    CHECK(would_be(replay(small, record)) == "asks for no approval");
    // Containment asked for it, whatever policies say.
    record["approvals"] = approval_by(1, "");
    CHECK(replay(small, record).same == 1);
    record["approvals"] = "none";
    CHECK(replay(small, record).not_replayed == Counts{{"cannot be read", 1}});
}

TEST_CASE("replay: sets that observe are asked, too", "[policy][replay]") {
    auto trial = parse_policy_set("trial.cedar", "//! version = 1\n//! mode = observe\n");
    REQUIRE(trial);
    auto refunds = parse_policy_set("refunds.cedar", std::string("//! version = 1\n") + small);
    REQUIRE(refunds);
    refunds->may_permit = true;
    PolicySets sets;
    sets.emplace("trial", *std::move(trial));
    sets.emplace("refunds", *std::move(refunds));
    const auto policies = Policies::of(std::move(sets));
    REQUIRE(policies);
    const auto all = replay(*policies, "action", action_record());
    CHECK(all.same == 1);
    CHECK(all.by_rule == Counts{{"trial (observed) would deny", 1}});
}

TEST_CASE("replay: what is not on record is not made up", "[policy][replay]") {
    const Policies policies = policies_of(small);
    Replay alone(policies);
    REQUIRE(alone.take("action", 0, 1, action_record()));
    CHECK(alone.replayed().actions == 0);
    CHECK(alone.replayed().not_replayed == Counts{{"no record of their agent before them", 1}});

    Json::Object old = action_record();
    old.erase("policy");
    CHECK(replay(small, old).not_replayed == Counts{{"recorded before there were policies", 1}});
    old["policy"] = Json::Object{{"rules", Json::Array{}}};
    CHECK(replay(small, old).not_replayed == Counts{{"recorded before there were policies", 1}});
}

TEST_CASE("replay: records that are none are counted, whatever they hold", "[policy][replay]") {
    const auto spoilt = [](const std::string& name, Json value) {
        Json::Object record = action_record();
        record[name] = std::move(value);
        return replay(small, record).not_replayed == Counts{{"cannot be read", 1}};
    };
    CHECK(spoilt("statement", 1));
    CHECK(spoilt("statement", Json::Object{}));
    const auto host = [&spoilt](Json::Object members) {
        return spoilt("policy", Json::Object{{"host", std::move(members)}});
    };
    CHECK(host({}));
    CHECK(host({{"custody", "tpm"}, {"register", "ok"}, {"tpm", 1}}));
    CHECK(host({{"custody", "gold"}, {"register", "ok"}, {"tpm", true}}));
    Json::Object policy = tests::policy_member({});
    policy["rules"] = Json::Array{1};
    CHECK(spoilt("policy", policy));
    policy["rules"] = Json::Array(max_recorded_rules + 1, Json("a:b"));
    CHECK(spoilt("policy", policy));
    policy["rules"] = Json::Array(max_recorded_rules, Json("a:b"));
    CHECK_FALSE(spoilt("policy", policy));
    CHECK(replay(small, {}).not_replayed == Counts{{"cannot be read", 1}});
    // An agent that cannot be read is one that nothing is known of.
    const Policies policies = policies_of(small);
    Replay again(policies);
    Json::Object agent = agent_record();
    agent["owner"] = 1;
    REQUIRE(again.take("agent", 0, 1, agent));
    REQUIRE(again.take("action", 1, 1, action_record()));
    CHECK(again.replayed().actions == 0);
}

TEST_CASE("replay: an agent is what it was declared last before the action", "[policy][replay]") {
    const Policies policies = policies_of(
        "@id(\"small\") permit(principal in Environment::\"production\", action, resource);");
    Replay again(policies);
    REQUIRE(again.take("agent", 0, 1, agent_record()));
    REQUIRE(again.take("action", 1, 1, action_record()));
    Json::Object moved = agent_record();
    moved["environment"] = "test";
    REQUIRE(again.take("agent", 2, 1, moved));
    REQUIRE(again.take("action", 3, 1, action_record()));
    REQUIRE(again.take("agent", 4, 1, agent_record("other")));
    REQUIRE(again.take("action", 5, 1, action_record()));
    CHECK(again.replayed().same == 1);
    REQUIRE(again.replayed().changes.size() == 2);
    CHECK(again.replayed().changes.front().sequence == 3);
}

TEST_CASE("replay: the first changes are listed, all are counted", "[policy][replay]") {
    const Policies policies = policies_of("");
    Replay again(policies);
    REQUIRE(again.take("agent", 0, 1, agent_record()));
    const Json::Object record = action_record();
    for (std::size_t n = 0; n <= max_changes_listed; ++n)
        REQUIRE(again.take("action", n + 1, 1, record));
    CHECK(again.replayed().changes.size() == max_changes_listed);
    CHECK(again.replayed().changed == max_changes_listed + 1);
}

TEST_CASE("replay: agents are bounded", "[policy][replay]") {
    const Policies policies = policies_of("");
    Replay again(policies);
    Json::Object record = agent_record();
    for (std::size_t n = 0; n < max_agents_replayed; ++n) {
        record["agent"] = "a" + std::to_string(n);
        REQUIRE(again.take("agent", n, 1, record));
    }
    CHECK(again.take("agent", 1, 1, record));
    record["agent"] = "one-more";
    CHECK_FALSE(again.take("agent", 2, 1, record));
}

TEST_CASE("replay: refusals are judged by what is on record, and no further", "[policy][replay]") {
    const auto judged = [](const std::string& rules, const Json::Object& record) {
        const Policies policies = policies_of(rules);
        return replay(policies, "refused", record);
    };
    const std::string all_refunds =
        "@id(\"a\") permit(principal == Agent::\"bot\", action in Action::\"refund\", resource);";
    const auto permitted = judged(all_refunds, refusal_record());
    CHECK(permitted.now_permitted == 1);
    REQUIRE(permitted.changes.size() == 1);
    CHECK(permitted.changes.front().was == "denied by default");
    CHECK(permitted.changes.front().would_be == "permitted");
    CHECK(permitted.changed == 0);
    CHECK(judged(all_refunds, refusal_record("forbidden_by_policy")).now_permitted == 1);
    CHECK(judged(all_refunds, refusal_record("audience_not_allowed")).now_permitted == 1);
    CHECK(judged("", refusal_record()).still_denied == 1);
    CHECK(judged(all_refunds, refusal_record("action_not_allowed", "order.create")).still_denied ==
          1);
    CHECK(judged(small, refusal_record()).undecided == 1);
    // Not by policies.
    CHECK(judged(all_refunds, refusal_record("limit_exceeded")).refused_besides == 1);
    Json::Object record = refusal_record();
    record["operation"] = "credential";
    CHECK(judged(all_refunds, record).refused_besides == 1);
    record = refusal_record();
    record["agent"] = "nobody";
    CHECK(judged(all_refunds, record).undecided == 1);
    record["asked"] = 1;
    CHECK(judged(all_refunds, record).undecided == 1);
    CHECK(judged(all_refunds,
                 {{"agent", "bot"}, {"count", 5}, {"reason", "over_budget"}, {"since", 1}})
              .refused_summed == 5);
    CHECK(judged(all_refunds, {{"count", 0}, {"reason", "over_budget"}}).undecided == 1);
}
