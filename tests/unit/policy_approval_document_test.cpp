// The document that operators sign, and what a demand is.
#include "ledger/record.h"
#include "policy/approvals.h"
#include "tests/support/approval_samples.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;
using tests::document;

namespace {

template <class T>
std::string reason(const Result<T>& result) {
    return result ? "done" : result.error().reason();
}

}  // namespace

TEST_CASE("approval document: what is signed is canonical JSON and reads back",
          "[policy][approvals]") {
    const auto text = write_approval_document(document());
    REQUIRE(text);
    CHECK(*text == R"({"action":{"action":"refund.create","audience":"https://payments.example",)"
                   R"("params":{"amount":50}},"agent":"spiffe://host.test/agent/refund-bot",)"
                   R"("approval":"ap-abababababababababababababababab","approvers":"finance",)"
                   R"("assurance":"observed","code":")" +
                       std::string(64, 'c') +
                       R"(","expires":1700000900,"host":"host.test","needed":2,)"
                       R"("rule":"payments:refund","uid":5000})");
    const auto again = parse_approval_document(*text);
    REQUIRE(again);
    CHECK(*write_approval_document(*again) == *text);
    CHECK_FALSE(parse_approval_document(" " + *text));
    CHECK_FALSE(parse_approval_document(text->substr(1)));
    std::string more = *text;
    more.insert(1, R"("a":1,)");
    CHECK_FALSE(parse_approval_document(more));
}

TEST_CASE("approval document: names may stand for a group, and must be enough",
          "[policy][approvals]") {
    ApprovalDocument wanted = document(1);
    wanted.demand = {1, "", {"erin", "frank"}};
    const auto text = write_approval_document(wanted);
    REQUIRE(text);
    CHECK(text->find(R"("approvers":["erin","frank"])") != std::string::npos);
    CHECK(parse_approval_document(*text)->demand == wanted.demand);
    wanted.demand.approvals = 3;
    CHECK(reason(write_approval_document(wanted)) == "bad_demand");
    wanted.demand = {1, "finance", {"erin"}};
    CHECK(reason(write_approval_document(wanted)) == "bad_demand");
    wanted.demand = {1, "", {}};
    CHECK(reason(write_approval_document(wanted)) == "bad_demand");
    wanted.demand = {1, "", std::vector<std::string>(max_approval_people, "erin")};
    CHECK(write_approval_document(wanted));
    wanted.demand.people.emplace_back("erin");
    CHECK(reason(write_approval_document(wanted)) == "bad_demand");
}

TEST_CASE("approval document: from one approval to as many as there can be",
          "[policy][approvals]") {
    CHECK(reason(write_approval_document(document(0))) == "bad_demand");
    CHECK(write_approval_document(document(1)));
    CHECK(write_approval_document(document(max_approvals)));
    CHECK(reason(write_approval_document(document(max_approvals + 1))) == "bad_demand");
}

TEST_CASE("approval document: an id is a prefix and 128 bits, nothing else",
          "[policy][approvals]") {
    CHECK(is_approval_id(approval_id(Bytes(16, 0xff))));
    CHECK_FALSE(is_approval_id(approval_id(Bytes(15, 0xff))));
    CHECK_FALSE(is_approval_id(approval_id(Bytes(17, 0xff))));
    CHECK_FALSE(is_approval_id("ap-" + std::string(32, 'F')));
    CHECK_FALSE(is_approval_id(std::string(35, 'a')));
    CHECK_FALSE(is_approval_id(""));
}

TEST_CASE("approval document: one as large as its bound, with every signature, is a record",
          "[policy][approvals]") {
    ApprovalDocument wanted = document(max_approvals);
    const std::size_t size = write_approval_document(wanted)->size();
    wanted.rule += std::string(max_approval_document - size, 'x');
    const auto text = write_approval_document(wanted);
    REQUIRE(text);
    CHECK(text->size() == max_approval_document);
    wanted.rule += 'x';
    CHECK(reason(write_approval_document(wanted)) == "too_large_to_approve");
    wanted.rule.pop_back();

    SignedApproval full{wanted, {}};
    for (unsigned i = 0; i < max_approvals; ++i)
        full.signatures.push_back(
            {std::string(255, '"'), std::string(50, 'k'), Bytes(max_approval_signatures / 16)});
    ledger::Record record;
    record.type = "action";
    record.members["approvals"] = to_json(full);
    // A statement is its action, which is in the document, and what the daemon adds: below 4 KiB.
    record.members["statement"] = std::string(max_approval_document + 4096, 's');
    const auto encoded = ledger::encode_record(record);
    REQUIRE(encoded);
}

TEST_CASE("demand: the one that asks for more counts, the first of equals", "[policy][approvals]") {
    const Demand one{1, "a", {}};
    const Demand two{2, "b", {}};
    const Demand also_two{2, "c", {}};
    CHECK(stricter(one, two) == two);
    CHECK(stricter(two, one) == two);
    CHECK(stricter(two, also_two) == two);
    CHECK(stricter({}, one) == one);
}

TEST_CASE("approvals: a kept document has one text", "[policy][approvals]") {
    encode::Json::Object approvals = *to_json(SignedApproval{document(), {}}).object();
    encode::Json::Object kept = *approvals.at("document").object();
    encode::Json::Object action = *kept.at("action").object();
    REQUIRE(signed_approval_from(approvals));
    action["resource"] = "";
    kept["action"] = std::move(action);
    approvals["document"] = std::move(kept);
    CHECK_FALSE(signed_approval_from(approvals));
}
