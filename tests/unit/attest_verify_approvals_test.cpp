// verify_approvals: who approved exactly this action, by its record and operators.toml alone.
#include "core/encode/statement.h"
#include "ledger/record.h"
#include "policy/approval.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using tests::failed;
using tests::not_run;
using tests::operator_toml;
using tests::SshSigner;

namespace {

using Rules = std::set<std::string>;

struct Kept {
    Statement statement;
    policy::SignedApproval approval;
    std::int64_t time = 1'700'000'100;
};

const SshSigner& carol() {
    static const SshSigner key(1);
    return key;
}
const SshSigner& dave() {
    static const SshSigner key(2);
    return key;
}

std::string people() {
    return operator_toml("carol", carol()) + operator_toml("dave", dave());
}

policy::ApprovalDocument document_of(const Statement& statement) {
    policy::ApprovalDocument document;
    document.id = policy::approval_id(Bytes(policy::approval_id_bytes, 7));
    document.host = "host.test";
    document.agent = statement.agent;
    document.uid = 5000;
    document.code = statement.measurement;
    document.assurance = statement.assurance;
    document.action = statement.action;
    document.rule = "payments:refund";
    document.demand = {2, "finance", {}};
    document.expires = 1'700'000'900;
    return document;
}

Kept kept() {
    Kept made;
    made.statement.action.action = "refund.create";
    made.statement.action.audience = "https://payments.example";
    made.statement.action.params = R"({"amount":50})";
    made.statement.agent = "spiffe://host.test/agent/payer";
    made.statement.instance = "i";
    made.statement.sponsor = "s@example.org";
    made.statement.measurement.fill(0xcc);
    made.statement.time = 1'700'000'100;
    made.statement.decision = "permit";
    made.statement.rule = "payments:refund";
    auto approval = policy::Approval::ask(document_of(made.statement));
    const auto operators = policy::Operators::parse("o", people());
    for (const SshSigner* key : {&carol(), &dave()})
        REQUIRE(approval->approve(*operators, key->sign(approval->text()), 1'700'000'000));
    made.approval = approval->use();
    return made;
}

std::string record_of(const Kept& made, const std::string& type = "action") {
    ledger::Record record;
    record.type = type;
    record.time = made.time;
    record.members["statement"] = encode::to_json(made.statement);
    record.members["approvals"] = policy::to_json(made.approval);
    const auto leaf = ledger::encode_record(record);
    REQUIRE(leaf);
    return std::string(text_of(*leaf));
}

attest::Appraisal verify(const std::string& record, const std::string& operators,
                         std::optional<std::string> agent = {}) {
    attest::Expectations expected{.now = 0,
                                  .profile = attest::Profile::production,
                                  .ca_roots = {},
                                  .ek_roots = {},
                                  .nonce = {},
                                  .verifier = {},
                                  .audience = {},
                                  .agent = std::move(agent),
                                  .enrolment = {},
                                  .manifests = {},
                                  .accept_unproven_boot = false,
                                  .accept_claimed_hsm = false,
                                  .anchor_pcr = 13};
    const auto appraisal = attest::verify_approvals(record, operators, expected);
    REQUIRE(appraisal);
    return *appraisal;
}

Rules failed_with(void (*bend)(Kept&), const std::string& operators = people()) {
    Kept made = kept();
    bend(made);
    const auto appraisal = verify(record_of(made), operators);
    CHECK_FALSE(appraisal.accepted());
    return failed(appraisal);
}

}  // namespace

TEST_CASE("approvals: a record with enough of them is accepted", "[attest][verify][approvals]") {
    const auto appraisal = verify(record_of(kept()), people());
    CHECK(failed(appraisal).empty());
    CHECK(not_run(appraisal) == Rules{"approvals.agent"});
    CHECK(appraisal.accepted());
    CHECK(appraisal.subject == "spiffe://host.test/agent/payer");
    CHECK(appraisal.claims.at("approved_by") == "carol, dave");
}

TEST_CASE("approvals: a record of anything else is no approval", "[attest][verify][approvals]") {
    const auto record = GENERATE_COPY(
        std::string(), std::string("{}"), record_of(kept(), "refused"), record_of(kept()) + " ",
        std::string(R"({"index":0,"statement":{},"time":1,"type":"action"})"));
    const auto appraisal = verify(record, people());
    CHECK_FALSE(appraisal.accepted());
    CHECK(failed(appraisal) == Rules{"approvals.record"});
    CHECK(appraisal.claims.empty());
}

TEST_CASE("approvals: another agent's, code's or action's approve nothing",
          "[attest][verify][approvals]") {
    auto bend = GENERATE(
        +[](Kept& k) { k.statement.agent = "spiffe://host.test/agent/b"; },
        +[](Kept& k) { k.statement.measurement.fill(1); },
        +[](Kept& k) { k.statement.assurance = Assurance::launched; },
        +[](Kept& k) { k.statement.action.params = R"({"amount":5000})"; });
    CHECK(failed_with(bend) == Rules{"approvals.action"});
}

TEST_CASE("approvals: signatures are of these people, over this document",
          "[attest][verify][approvals]") {
    CHECK(failed_with([](Kept& k) { k.approval.signatures.pop_back(); }) ==
          Rules{"approvals.enough"});
    const Rules both{"approvals.enough", "approvals.signatures"};
    CHECK(failed_with([](Kept& k) { k.approval.signatures[1] = k.approval.signatures[0]; }) ==
          both);
    CHECK(failed_with([](Kept& k) { k.approval.document.demand.approvals = 1; }) == both);
    CHECK(failed_with([](Kept& k) { k.approval.signatures[0].by = "dave"; }) == both);
    CHECK(failed_with([](Kept&) {}, operator_toml("carol", carol())) == both);
    CHECK(failed_with([](Kept&) {}, operator_toml("carol", carol(), "\"on-call\"") +
                                        operator_toml("dave", dave())) == both);
    CHECK(failed_with([](Kept&) {}, operator_toml("carol", carol(), "\"finance\"", "5000") +
                                        operator_toml("dave", dave())) == both);
    CHECK(failed_with([](Kept&) {}, "[[operator]]\n") == Rules{"approvals.operators"});
}

TEST_CASE("approvals: used before their end, and not at it", "[attest][verify][approvals]") {
    Kept made = kept();
    made.time = 1'700'000'899;
    CHECK(verify(record_of(made), people()).accepted());
    CHECK(failed_with([](Kept& k) { k.time = 1'700'000'900; }) == Rules{"approvals.time"});
    CHECK(failed_with([](Kept& k) { k.statement.time = 1'700'000'900; }) ==
          Rules{"approvals.time"});
}

TEST_CASE("approvals: of the agent that was expected", "[attest][verify][approvals]") {
    CHECK(verify(record_of(kept()), people(), "spiffe://host.test/agent/payer").accepted());
    CHECK(failed(verify(record_of(kept()), people(), "spiffe://host.test/agent/b")) ==
          Rules{"approvals.agent"});
}
