// holdfast policy simulate and explain: of a ledger as it lies on disk.
#include <filesystem>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "ledger/reader.h"
#include "tests/support/cli_run.h"
#include "tests/support/ledger_on_disk.h"
#include "tests/support/policy_records.h"
#include "tests/support/written_ledger.h"

using namespace holdfast;
using cli::Exit;
using encode::Json;
using tests::action_record;
using tests::agent_record;
using tests::Desk;
using tests::printed;
using tests::refusal_record;
using tests::WrittenLedger;

namespace {

constexpr const char* small =
    "//! version = 7\n"
    "@id(\"small\") @reason(\"refunds up to 50\") @owner(\"payments team\")\n"
    "permit(principal, action == Action::\"refund.create\", resource)\n"
    "when { context has params && context.params.amount <= 50 };\n";
constexpr const char* noon =
    "//! version = 1\n"
    "@id(\"noon\") forbid(principal, action, resource) when { context.time.hour == 12 };\n";

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

// What apply would have recorded of that file.
Json::Object policy_record(std::int64_t version, const std::string& text) {
    return {{"change", "created"},
            {"file_sha256", encode::hex(crypto::sha256(view_of(text)))},
            {"set", "refunds"},
            {"version", version}};
}

// Asks the reader itself.
std::vector<std::string> types_in(const std::string& directory) {
    std::vector<std::string> types;
    const auto head = ledger::read_ledger(directory, [&types](const ledger::Record& record) {
        types.push_back(record.type);
        return done();
    });
    if (!head) return {head.error().text()};
    CHECK(head->size == types.size());
    return types;
}

}  // namespace

TEST_CASE("ledger reader: every record, in order, and no half one", "[ledger][cli]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("agent", agent_record());
    ledger.add("action", action_record());
    CHECK(types_in(ledger.path()) == std::vector<std::string>{"agent", "action"});
    // Its writer is just appending.
    const std::string bundle = tests::bundle(ledger.path(), 0);
    const std::string whole = tests::content_of(bundle);
    tests::write_to(bundle, whole + std::string("\x01\x00{\"in", 6));
    CHECK(types_in(ledger.path()).size() == 2);
    tests::write_to(bundle, "\xff" + whole);
    CHECK(has(types_in(ledger.path()).front(), "edited"));
    CHECK(types_in(desk.folder()) ==
          std::vector<std::string>{desk.folder() + ": no ledger is there"});
    CHECK(types_in(desk.path("none")) ==
          std::vector<std::string>{desk.path("none") + ": no ledger is there"});
    tests::write_to(bundle, whole);
    const auto failed = ledger::read_ledger(ledger.path(), [](const ledger::Record&) -> Done {
        return Error(Code::invalid, "enough");
    });
    REQUIRE_FALSE(failed);
    CHECK(has(failed.error().text(), "enough"));
}

TEST_CASE("policy simulate: what would change, and a summary", "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("agent", agent_record());
    ledger.add("action", action_record());
    ledger.add("refused", refusal_record());
    Json::Object old = action_record();
    old.erase("policy");
    ledger.add("action", old);
    ledger.add("refused", refusal_record("limit_exceeded"));
    const auto refunds = desk.put("refunds.cedar", small);

    auto simulated =
        printed({"policy", "simulate", "--against", ledger.path(), "--policies", refunds});
    CHECK(simulated.exit == Exit::ok);
    CHECK(simulated.out ==
          "1 actions decided again: 1 the same, 0 signed by other rules, 0 would change\n"
          "1 actions not decided again\n"
          "  1 recorded before there were policies\n"
          "1 refusals, of which the ledger has no parameters: not replayed, but judged by agent, "
          "action and audience\n"
          "  1 depend on what is not on record (conditions, custody, assurance, manifest)\n"
          "1 refusals by limits, containment or recognition, whatever policies say\n");

    const auto nights = desk.put("nights.cedar", noon);
    simulated =
        printed({"policy", "simulate", "--ledger", ledger.path(), "--policies", refunds, nights});
    CHECK(simulated.exit == Exit::ok);
    CHECK(has(simulated.out,
              "SEQUENCE  TIME                  AGENT  ACTION         AUDIENCE             WAS      "
              "      WOULD BE\n"
              "1         2026-01-05T12:00:01Z  bot    refund.create  https://pay.example  "
              "refunds:small  denied by nights:noon\n"
              "\n"
              "1 actions decided again: 0 the same, 0 signed by other rules, 1 would change\n"
              "  1 denied by nights:noon\n"));
    const auto json = encode::parse_json(
        printed({"policy", "simulate", "--json", "--against", ledger.path(), refunds, nights}).out);
    REQUIRE(json);
    CHECK(*json->find("changed")->integer() == 1);
    CHECK(*json->find("changes")->array()->front().find("sequence")->integer() == 1);
    CHECK(*json->find("refusals")->find("undecided")->integer() == 1);
}

TEST_CASE("policy simulate: without a ledger or policies it simulates nothing", "[cli][policy]") {
    const Desk desk;
    const auto refunds = desk.put("refunds.cedar", small);
    CHECK(has(printed({"policy", "simulate", refunds}).error, "--against is missing"));
    CHECK(printed({"policy", "simulate", "--against", desk.folder(), refunds}).exit ==
          Exit::not_found);
    const WrittenLedger ledger(desk.path("ledger"));
    CHECK(has(printed({"policy", "simulate", "--against", ledger.path()}).error,
              "--policies is missing"));
}

TEST_CASE("policy explain: who, what, which rule, whose, and who can stop it", "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("agent", agent_record());
    ledger.add("policy", policy_record(7, small));
    Json::Object record = action_record();
    record["limit_blocks"] = Json::Array{"daily"};
    Json::Object policy = tests::policy_member({"refunds:small"});
    policy["observed"] =
        Json::Array{Json::Object{{"rules", Json::Array{}}, {"set", "trial"}, {"version", 2}}};
    policy["observed_left_off"] = 3;
    record["policy"] = std::move(policy);
    const auto sequence = std::to_string(ledger.add("action", record));
    ledger.add("agent", agent_record("other"));
    ledger.add("withheld", {{"reason", "agent_revoked"}, {"sequence", 2}});
    const auto refunds = desk.put("refunds.cedar", small);
    const auto explained =
        printed({"policy", "explain", sequence, "--ledger", ledger.path(), "--policies", refunds});
    CHECK(explained.exit == Exit::ok);
    CHECK(explained.out ==
          "record 2, action, 2026-01-05T12:00:01Z\n"
          "  who         spiffe://host.test/agent/bot\n"
          "  instance    instance-1\n"
          "  code        " +
              std::string(64, '0') +
              " (observed)\n"
              "  key         custody tpm, fuse none\n"
              "  wants       refund.create\n"
              "  at          https://pay.example\n"
              "  parameters\n"
              "    amount: 50\n"
              "  decision    permit\n"
              "  rule        refunds:small\n"
              "    reason    refunds up to 50\n"
              "    owner     payments team\n"
              "  of          refunds version 7, by carol@example.org\n"
              "  observed    trial version 2, unsigned, would deny: no permit fits\n"
              "  observed    3 more, not on record\n"
              "  host        {\"custody\":\"tpm\",\"register\":\"ok\",\"tpm\":true}\n"
              "  limit blocks daily\n"
              "withheld: no byte of the signature was released (record 4)\n"
              "  because     agent_revoked\n"
              "who answers for it (record 0, 2026-01-05T12:00:01Z)\n"
              "  sponsor     sponsor@example.org\n"
              "  owner       owner@example.org\n"
              "  policy author carol@example.org\n"
              "  can stop it oncall@example.org\n"
              "  environment production\n");
}

TEST_CASE("policy explain: a rule's words are those of the text that decided", "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("policy", policy_record(7, small));
    const auto sequence = std::to_string(ledger.add("action", action_record()));
    const auto explained = [&](const std::string& text) {
        const auto file = desk.put("refunds.cedar", text);
        return printed(
                   {"policy", "explain", sequence, "--ledger", ledger.path(), "--policies", file})
            .out;
    };
    CHECK(has(explained(small), "reason    refunds up to 50\n"));
    std::string other = small;
    other.replace(other.find("version = 7"), 11, "version = 8");
    CHECK(has(explained(other), "the file given is version 8\n"));
    CHECK_FALSE(has(explained(other), "refunds up to 50"));
    CHECK(has(explained(std::string(small) + "// more\n"),
              "the file given is another text of that version\n"));
    CHECK(has(printed({"policy", "explain", sequence, "--ledger", ledger.path()}).out,
              "its file is not given\n"));
}

TEST_CASE("policy explain: of a refusal, why, and what is not on record", "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("agent", agent_record());
    Json::Object record = refusal_record("forbidden_by_policy");
    Json::Object asked{{"action", "refund.create"},
                       {"audience", "https://pay.example"},
                       {"policy", tests::policy_member({"refunds:night"})},
                       {"rule", "refunds:night"}};
    record["asked"] = std::move(asked);
    ledger.add("refused", record);
    ledger.add("refused", refusal_record());
    auto said = printed({"policy", "explain", "1", "--ledger", ledger.path()}).out;
    for (const char* part : {"record 1, refused, ", "  who         bot\n",
                             "  decision    refused\n", "  because     forbidden_by_policy\n",
                             "  parameters  not on record\n", "  rule        refunds:night\n",
                             "  of          refunds version 7, by carol@example.org\n",
                             "  can stop it oncall@example.org\n"})
        CHECK(has(said, part));
    said = printed({"policy", "explain", "2", "--ledger", ledger.path()}).out;
    CHECK(has(said, "  rule        default deny\n"));
}

TEST_CASE("policy explain: a record by itself, and never as another ledger's", "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    ledger.add("agent", agent_record());
    ledger::Record record;
    record.type = "action";
    record.time = 1767614401;
    record.index = 1;
    record.members = action_record();
    const auto leaf = ledger::encode_record(record);
    REQUIRE(leaf);
    const auto file = desk.put("record.json", std::string(text_of(*leaf)) + "\n");
    auto explained = printed({"policy", "explain", file});
    CHECK(explained.exit == Exit::ok);
    CHECK(has(explained.out, "record 1, action, "));
    CHECK_FALSE(has(explained.out, "who answers"));

    ledger.add("action", action_record());
    explained = printed({"policy", "explain", file, "--ledger", ledger.path()});
    CHECK(has(explained.out, "who answers for it (record 0"));
    record.time = 1;
    (void)desk.put("record.json", std::string(text_of(*ledger::encode_record(record))));
    CHECK(has(printed({"policy", "explain", file, "--ledger", ledger.path()}).error,
              "the ledger has another record 1"));

    CHECK(printed({"policy", "explain", "7", "--ledger", ledger.path()}).exit == Exit::not_found);
    CHECK(has(printed({"policy", "explain", "7"}).error, "--ledger is missing"));
    CHECK(printed({"policy", "explain", desk.put("no.json", "{}")}).exit == Exit::error);
}

TEST_CASE("policy explain: whatever a record holds, it is lines without control characters",
          "[cli][policy]") {
    const Desk desk;
    WrittenLedger ledger(desk.path("ledger"));
    Json::Object record = refusal_record("a\x1b[2Jb\nc");
    record["agent"] = "\x1b[31m";
    record["asked"] = Json::Object{
        {"action", "x\ny"},
        {"policy", Json::Object{{"observed", Json::Array{1, Json::Object{}}},
                                {"rules", Json::Array{"\x1b:\n", 2}},
                                {"sets", Json::Array{"a", Json::Object{{"set", "\n"}}}}}}};
    ledger.add("refused", record);
    ledger.add("action", {{"policy", "none"}, {"statement", Json::Object{{"agent", "\x1b"}}}});
    ledger.add("\x1b[0m", {{"a", Json::Array{Json::Object{{"b\n", "\x07"}}}}});
    for (const char* sequence : {"0", "1", "2"}) {
        const auto said = printed({"policy", "explain", sequence, "--ledger", ledger.path(),
                                   "--policies", desk.put("refunds.cedar", small)});
        CHECK(said.exit == Exit::ok);
        CHECK_FALSE(has(said.out, "\x1b"));
        CHECK_FALSE(has(said.out, "\x07"));
        CHECK_FALSE(has(said.out, "\nc"));
    }
}
