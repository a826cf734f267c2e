// Approvals: who may give one, for what, how long, and how often.
#include "policy/approval.h"
#include "tests/support/approval_samples.h"
#include "tests/support/catch.h"
#include "tests/support/ssh_signer.h"

using namespace holdfast;
using namespace holdfast::policy;
using tests::document;
using tests::operator_toml;
using tests::SshSigner;

namespace {

constexpr std::int64_t end = tests::document_end;
constexpr std::int64_t now = end - 900;

const SshSigner& carol() {
    static const SshSigner key(1);
    return key;
}
const SshSigner& dave() {
    static const SshSigner key(2);
    return key;
}
const SshSigner& erin() {
    static const SshSigner key(3);
    return key;
}
const SshSigner& stranger() {
    static const SshSigner key(9);
    return key;
}

Operators people(const std::string& more = "") {
    auto operators =
        Operators::parse("operators.toml", operator_toml("carol", carol(), "\"finance\"", "1000") +
                                               operator_toml("dave", dave()) +
                                               operator_toml("erin", erin(), "\"on-call\"") + more);
    if (!operators) FAIL(operators.error().text());
    return *std::move(operators);
}

Approval asked(const ApprovalDocument& wanted = document()) {
    auto approval = Approval::ask(wanted);
    if (!approval) FAIL(approval.error().text());
    return *std::move(approval);
}

Approval approved() {
    Approval approval = asked();
    for (const SshSigner* signer : {&carol(), &dave()})
        REQUIRE(approval.approve(people(), signer->sign(approval.text()), now));
    return approval;
}

template <class T>
std::string reason(const Result<T>& result) {
    return result ? "done" : result.error().reason();
}

std::string approve(Approval& approval, const SshSigner& signer) {
    return reason(approval.approve(people(), signer.sign(approval.text()), now));
}

}  // namespace

TEST_CASE("approval: two operators of the group, then it fits what was approved",
          "[policy][approvals]") {
    Approval approval = asked();
    CHECK(approval.state(now) == ApprovalState::pending);
    CHECK(reason(approval.fits(document(), people(), now)) == "approval_pending");
    const auto first = approval.approve(people(), carol().sign(approval.text()), now);
    REQUIRE(first);
    CHECK(first->by == "carol");
    CHECK(first->key.starts_with("SHA256:"));
    CHECK(approval.state(now) == ApprovalState::pending);
    CHECK(reason(approval.fits(document(), people(), now)) == "approval_pending");
    const auto second = approval.approve(people(), view_of(dave().armored(approval.text())), now);
    REQUIRE(second);
    CHECK(approval.state(now) == ApprovalState::approved);
    CHECK(reason(approval.fits(document(), people(), now)) == "done");
}

TEST_CASE("approval: replayed, it is refused", "[policy][approvals]") {
    Approval approval = approved();
    CHECK(approval.use().signatures.size() == 2);
    CHECK(approval.state(now) == ApprovalState::used);
    CHECK(approval.state(end) == ApprovalState::used);
    CHECK(reason(approval.fits(document(), people(), now)) == "approval_used");
    CHECK(approve(approval, erin()) == "approval_used");
}

TEST_CASE("approval: an altered action, code, agent or uid is not what was approved",
          "[policy][approvals]") {
    const Approval approval = approved();
    auto bend = GENERATE(
        +[](ApprovalDocument& d) { d.action.params = R"({"amount":51})"; },
        +[](ApprovalDocument& d) { d.action.params.clear(); },
        +[](ApprovalDocument& d) { d.action.audience = "https://other.example"; },
        +[](ApprovalDocument& d) { d.action.action = "refund.delete"; },
        +[](ApprovalDocument& d) { d.action.resource = "order/8"; },
        +[](ApprovalDocument& d) { d.action.on_behalf_of = "mallory"; },
        +[](ApprovalDocument& d) { d.code.fill(1); },
        +[](ApprovalDocument& d) { d.assurance = Assurance::launched; },
        +[](ApprovalDocument& d) { d.agent = "spiffe://host.test/agent/b"; },
        +[](ApprovalDocument& d) { d.host = "b.test"; }, +[](ApprovalDocument& d) { d.uid = 1; });
    ApprovalDocument wanted = document();
    bend(wanted);
    CHECK(reason(approval.fits(wanted, people(), now)) == "approval_mismatch");
}

TEST_CASE("approval: what policy demands now counts, not what it demanded", "[policy][approvals]") {
    const Approval approval = approved();
    ApprovalDocument wanted = document();
    wanted.demand.approvals = 1;
    CHECK(reason(approval.fits(wanted, people(), now)) == "done");
    wanted.demand.approvals = 3;
    CHECK(reason(approval.fits(wanted, people(), now)) == "approval_mismatch");
    wanted.demand = {2, "on-call", {}};
    CHECK(reason(approval.fits(wanted, people(), now)) == "approval_mismatch");
    wanted.demand = {2, "finance", {"carol"}};
    CHECK(reason(approval.fits(wanted, people(), now)) == "approval_mismatch");
    wanted.demand = {};
    CHECK(reason(approval.fits(wanted, people(), now)) == "done");
}

TEST_CASE("approval: until its moment and not at it", "[policy][approvals]") {
    Approval approval = approved();
    CHECK(reason(approval.fits(document(), people(), end - 1)) == "done");
    CHECK(reason(approval.fits(document(), people(), end)) == "approval_expired");
    CHECK(approval.state(end) == ApprovalState::expired);
    CHECK_FALSE(approval.is_open(end));
    Approval late = asked();
    CHECK(reason(late.approve(people(), carol().sign(late.text()), end)) == "approval_expired");
    CHECK(reason(late.deny("carol", "", end)) == "approval_expired");
    Approval timely = asked();
    CHECK(reason(timely.approve(people(), carol().sign(timely.text()), end - 1)) == "done");
}

TEST_CASE("approval: a clock that goes back revives nothing that was seen to expire",
          "[policy][approvals]") {
    Approval approval = approved();
    auto see = GENERATE(
        +[](Approval& a) { CHECK(a.state(end) == ApprovalState::expired); },
        +[](Approval& a) { CHECK_FALSE(a.is_open(end)); },
        +[](Approval& a) { CHECK_FALSE(a.fits(document(), people(), end)); },
        +[](Approval& a) { CHECK_FALSE(a.approve(people(), erin().sign(a.text()), end)); },
        +[](Approval& a) { CHECK_FALSE(a.deny("carol", "", end)); });
    see(approval);
    CHECK(approval.state(now) == ApprovalState::expired);
    CHECK(reason(approval.fits(document(), people(), now)) == "approval_expired");
    CHECK(approve(approval, erin()) == "approval_expired");
    CHECK(reason(approval.deny("carol", "", now)) == "approval_expired");
}

TEST_CASE("approval: nobody approves for themselves", "[policy][approvals]") {
    ApprovalDocument wanted = document();
    SECTION("by uid") {
        wanted.uid = 1000;  // carol's
        Approval approval = asked(wanted);
        CHECK(approve(approval, carol()) == "self_approval");
        CHECK(approve(approval, dave()) == "done");
    }
    SECTION("by the agent's name or id") {
        const std::string name = GENERATE("refund-bot", "spiffe://host.test/agent/refund-bot");
        const auto operators = people(operator_toml(name, stranger()));
        Approval approval = asked(wanted);
        CHECK(reason(approval.approve(operators, stranger().sign(approval.text()), now)) ==
              "self_approval");
    }
    SECTION("whoever an unreadable agent is") {
        wanted.agent = "refund-bot";
        CHECK(reason(may_approve(wanted, *people().find("dave"))) == "self_approval");
    }
}

TEST_CASE("approval: of somebody unknown, or not asked, it is none", "[policy][approvals]") {
    Approval approval = asked();
    CHECK(approve(approval, stranger()) == "unknown_signer");
    CHECK(approve(approval, erin()) == "not_an_approver");
    CHECK(approval.signed_so_far().signatures.empty());
}

TEST_CASE("approval: named people are asked, their groups are not", "[policy][approvals]") {
    ApprovalDocument wanted = document(1);
    wanted.demand = {1, "", {"erin"}};
    Approval approval = asked(wanted);
    CHECK(approve(approval, carol()) == "not_an_approver");
    CHECK(approve(approval, erin()) == "done");
}

TEST_CASE("approval: the same operator twice counts once, whatever the key",
          "[policy][approvals]") {
    const std::string two_keys = "[[operator]]\nname = \"carol\"\nkeys = [\"" + carol().line() +
                                 "\", \"" + stranger().line() + "\"]\ngroups = [\"finance\"]\n";
    const auto operators = Operators::parse("o", two_keys);
    REQUIRE(operators);
    Approval approval = asked();
    CHECK(reason(approval.approve(*operators, carol().sign(approval.text()), now)) == "done");
    for (const SshSigner* key : {&carol(), &stranger()})
        CHECK(reason(approval.approve(*operators, key->sign(approval.text()), now)) ==
              "duplicate_approver");
    CHECK(approval.state(now) == ApprovalState::pending);
}

TEST_CASE("approval: signed for another use, or over something else", "[policy][approvals]") {
    Approval approval = asked();
    const auto with = [&](const Bytes& sshsig) {
        return reason(approval.approve(people(), sshsig, now));
    };
    CHECK(with(carol().sign(approval.text(), "holdfast-policy")) == "wrong_namespace");
    CHECK(with(carol().sign(approval.text() + " ")) == "bad_signature");
    ApprovalDocument other = document();
    other.id = approval_id(Bytes(approval_id_bytes, 1));
    CHECK(with(carol().sign(*write_approval_document(other))) == "bad_signature");
    CHECK(with(bytes_of(view_of("SSHSIG"))) == "malformed_signature");
    CHECK(with({}) == "malformed_signature");
    CHECK(with(bytes_of(view_of("-----BEGIN SSH SIGNATURE-----\n"))) == "malformed_signature");
}

TEST_CASE("approval: once denied it stays so", "[policy][approvals]") {
    Approval approval = approved();
    CHECK(reason(approval.deny("erin", std::string(max_denial_reason + 1, 'x'), now)) ==
          "malformed_request");
    CHECK(reason(approval.deny("erin", "two\nlines", now)) == "malformed_request");
    CHECK(approval.state(now) == ApprovalState::approved);
    CHECK(reason(approval.deny("erin", std::string(max_denial_reason, 'x'), now)) == "done");
    CHECK(approval.state(now) == ApprovalState::denied);
    CHECK(approval.denied_by() == "erin");
    CHECK(reason(approval.fits(document(), people(), now)) == "approval_denied");
    CHECK(approve(approval, dave()) == "approval_denied");
    CHECK(reason(approval.deny("carol", "", now)) == "approval_denied");
}

TEST_CASE("approval: enough is enough", "[policy][approvals]") {
    Approval approval = asked(document(1));
    CHECK(approve(approval, carol()) == "done");
    CHECK(approve(approval, dave()) == "already_approved");
}

TEST_CASE("approval: an operator who left meanwhile approves nothing", "[policy][approvals]") {
    const Approval approval = approved();
    const auto without_dave = Operators::parse("o", operator_toml("carol", carol()));
    CHECK(reason(approval.fits(document(), *without_dave, now)) == "unknown_signer");
    const auto moved = Operators::parse(
        "o", operator_toml("carol", carol()) + operator_toml("dave", dave(), "\"on-call\""));
    CHECK(reason(approval.fits(document(), *moved, now)) == "not_an_approver");
}

TEST_CASE("approval: signatures have a bound together", "[policy][approvals]") {
    SignedApproval so_far{document(), {{"x", "k", Bytes(max_approval_signatures)}}};
    const Bytes signature = carol().sign(*write_approval_document(document()));
    CHECK(reason(check_approval(so_far, people(), signature)) == "signatures_too_long");
    so_far.signatures.front().sshsig.resize(max_approval_signatures - signature.size());
    CHECK(reason(check_approval(so_far, people(), signature)) == "done");
}

TEST_CASE("approvals: what a record keeps is checked again, signature by signature",
          "[policy][approvals]") {
    Approval approval = approved();
    const auto kept = signed_approval_from(to_json(approval.use()));
    REQUIRE(kept);
    CHECK(reason(check_approvals(*kept, people())) == "done");
    SECTION("one is not enough") {
        SignedApproval less = *kept;
        less.signatures.pop_back();
        CHECK(reason(check_approvals(less, people())) == "too_few_approvals");
        less.signatures.push_back(less.signatures.front());
        CHECK(reason(check_approvals(less, people())) == "duplicate_approver");
    }
    SECTION("each by whom it says") {
        SignedApproval other = *kept;
        other.signatures.front().by = "erin";
        CHECK(reason(check_approvals(other, people())) == "unknown_signer");
        other = *kept;
        other.signatures.front().key = "SHA256:other";
        CHECK(reason(check_approvals(other, people())) == "unknown_signer");
    }
    SECTION("over this document") {
        SignedApproval other = *kept;
        other.document.action.params = R"({"amount":5000})";
        CHECK(reason(check_approvals(other, people())) == "bad_signature");
    }
}

TEST_CASE("approvals: no more signatures are read than can be asked for", "[policy][approvals]") {
    SignedApproval many{document(max_approvals), {}};
    many.signatures.assign(max_approvals, {"carol", "k", Bytes(1)});
    CHECK(signed_approval_from(to_json(many)));
    many.signatures.push_back({"carol", "k", Bytes(1)});
    CHECK_FALSE(signed_approval_from(to_json(many)));
    encode::Json::Object more = *to_json(SignedApproval{document(), {}}).object();
    more["more"] = 1;
    CHECK_FALSE(signed_approval_from(encode::Json(more)));
}
