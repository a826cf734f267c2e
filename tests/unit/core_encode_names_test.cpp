#include "holdfast/agent_id.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"
#include "tests/support/catch.h"

using namespace holdfast;

TEST_CASE("names: every word reads back as the value it came from", "[core][encode]") {
    for (int i = 1; i <= 6; ++i)
        CHECK(*parse_custody(to_string(static_cast<Custody>(i))) == static_cast<Custody>(i));
    for (int i = 1; i <= 4; ++i) {
        CHECK(*parse_assurance(to_string(static_cast<Assurance>(i))) == static_cast<Assurance>(i));
        CHECK(*parse_purpose(to_string(static_cast<Purpose>(i))) == static_cast<Purpose>(i));
        const auto fuse = static_cast<FuseKind>(i - 1);
        CHECK(*parse_fuse_kind(to_string(fuse)) == fuse);
    }
    CHECK(to_string(Custody::software_tpm) == "software-tpm");
    CHECK_FALSE(parse_custody("TPM"));
    CHECK_FALSE(parse_custody(""));
    CHECK(parse_assurance("sure").error().text() ==
          "assurance must be one of observed, launched, recorded, enforced");
}

TEST_CASE("agent id: the one form of a SPIFFE ID that names an agent", "[core][encode]") {
    const auto id = parse_agent_id("spiffe://host-1.example.org/agent/deploy-bot");
    REQUIRE(id);
    CHECK(id->trust_domain == "host-1.example.org");
    CHECK(id->name == "deploy-bot");
    CHECK(id->uri() == "spiffe://host-1.example.org/agent/deploy-bot");
}

TEST_CASE("agent id: any other form is refused", "[core][encode]") {
    for (const char* uri : {"",
                            "spiffe://",
                            "spiffe:///agent/a",
                            "spiffe://h",
                            "spiffe://h/",
                            "spiffe://h/agent",
                            "spiffe://h/agent/",
                            "spiffe://h/agent/a/",
                            "spiffe://h/agent/a/b",
                            "spiffe://h//agent/a",
                            "spiffe://h/Agent/a",
                            "SPIFFE://h/agent/a",
                            "https://h/agent/a",
                            "spiffe://H/agent/a",
                            "spiffe://h:443/agent/a",
                            "spiffe://u@h/agent/a",
                            "spiffe://h/agent/a?x",
                            "spiffe://h/agent/a#x",
                            "spiffe://h/agent/%61",
                            "spiffe://h/agent/..",
                            "spiffe://.h/agent/a",
                            "spiffe://h./agent/a",
                            "spiffe://h..x/agent/a",
                            "spiffe://h/agent/a\n",
                            " spiffe://h/agent/a"})
        CHECK_FALSE(parse_agent_id(uri));
}

TEST_CASE("agent id: names and trust domains are bounded", "[core][encode]") {
    CHECK(check_agent_name(std::string(max_agent_name, 'a')));
    CHECK_FALSE(check_agent_name(std::string(max_agent_name + 1, 'a')));
    CHECK(check_trust_domain(std::string(max_trust_domain, 'a')));
    CHECK_FALSE(check_trust_domain(std::string(max_trust_domain + 1, 'a')));
    for (const char* name : {"1a", "-a", "a-", "a_b", "a.b", "A", ""})
        CHECK_FALSE(check_agent_name(name));
    CHECK(check_agent_name("a--b"));
}
