// What an operator reads before signing.
#include "cli/commands/approval_words.h"
#include "policy/approval_document.h"
#include "tests/support/approval_samples.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

policy::ApprovalDocument document() {
    policy::ApprovalDocument asked = tests::document();
    asked.agent = "spiffe://host.test/agent/payer";
    asked.action.resource = "order/7";
    asked.action.params = R"({"amount":50,"note":"a\nb"})";
    asked.action.on_behalf_of = "ann@example.org";
    asked.expires = 1'700'000'000;
    return asked;
}

std::string words(const policy::ApprovalDocument& asked) {
    const auto text = policy::write_approval_document(asked);
    REQUIRE(text);
    const auto shown = cli::approval_words(asked.id, *text);
    return shown ? *shown : shown.error().text();
}

}  // namespace

TEST_CASE("approval words: everything that is signed, a line each", "[cli]") {
    CHECK(words(document()) ==
          "ap-abababababababababababababababab\n"
          "  agent       spiffe://host.test/agent/payer\n"
          "  code        " +
              std::string(64, 'c') +
              " (observed, uid 5000)\n"
              "  wants       refund.create\n"
              "  at          https://payments.example\n"
              "  resource    order/7\n"
              "  says it is for ann@example.org\n"
              "  parameters\n"
              "    amount: 50\n"
              "    note: \"a\\nb\"\n"
              "  rule        payments:refund\n"
              "  asks for    2 different operators of group finance\n"
              "  until       2023-11-14T22:13:20Z\n");
}

TEST_CASE("approval words: what is not shown is said not to be", "[cli]") {
    policy::ApprovalDocument asked = document();
    asked.action.params.clear();
    CHECK(words(asked).find("parameters  none\n") != std::string::npos);
    asked.action.params_sha256.emplace();
    CHECK(words(asked).find("NOT SHOWN") != std::string::npos);
    asked.demand = {1, "", {"carol", "dave"}};
    CHECK(words(asked).find("1 operator of carol, dave\n") != std::string::npos);
}

TEST_CASE("approval words: an agent's parameters cannot repaint the operator's terminal", "[cli]") {
    policy::ApprovalDocument asked = document();
    asked.action.params =
        "{\"amount\":5000,\"note\":\"\x7f\xc2\x9b"
        "1A\"}";
    const std::string text = words(asked);
    CHECK(text.find("    note: \"??1A\"\n") != std::string::npos);
    CHECK(text.find('\x7f') == std::string::npos);
    CHECK(text.find("\xc2\x9b") == std::string::npos);
}

TEST_CASE("approval words: of no other document than the one asked for", "[cli]") {
    const auto text = policy::write_approval_document(document());
    CHECK_FALSE(cli::approval_words("ap-" + std::string(32, '0'), *text));
    CHECK_FALSE(cli::approval_words(document().id, *text + " "));
    CHECK_FALSE(cli::approval_words(document().id, "{}"));
}
