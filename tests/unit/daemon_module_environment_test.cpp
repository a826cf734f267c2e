// [pkcs11] environment: which variables a vendor's module may have.
#include "daemon/module_environment.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::daemon;

TEST_CASE("module environment: NAME=VALUE words, in order, as they stand", "[daemon][workers]") {
    const auto variables =
        parse_module_environment("SOFTHSM2_CONF=/etc/softhsm2.conf  A_1=x=y _B=%s");
    REQUIRE(variables);
    REQUIRE(variables->size() == 3);
    CHECK(variables->at(0) == Variable("SOFTHSM2_CONF", "/etc/softhsm2.conf"));
    CHECK(variables->at(1) == Variable("A_1", "x=y"));
    CHECK(variables->at(2) == Variable("_B", "%s"));
    CHECK(parse_module_environment("")->empty());
}

TEST_CASE("module environment: nothing of the dynamic loader's, and nothing half said",
          "[daemon][workers]") {
    for (const char* bad : {"LD_PRELOAD=/tmp/x.so", "A=1 LD_LIBRARY_PATH=/tmp", "LD_=1", "A",
                            "A=", "=1", "a=1", "1A=1", "A-B=1", "A=1 A=2"}) {
        CAPTURE(bad);
        const auto refused = parse_module_environment(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code() == Code::invalid);
    }
    CHECK(parse_module_environment("LDAP=1"));
}

TEST_CASE("module environment: has room for 32 variables", "[daemon][workers]") {
    std::string words;
    for (std::size_t i = 0; i < max_module_variables; ++i)
        words += "V" + std::to_string(i) + "=1 ";
    CHECK(parse_module_environment(words));
    CHECK_FALSE(parse_module_environment(words + "ONE_MORE=1"));
}
