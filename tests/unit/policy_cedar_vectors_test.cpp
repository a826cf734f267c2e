#include <fstream>
#include <string>

#include "tests/support/catch.h"
#include "tests/support/cedar_cases.h"

using namespace holdfast;

TEST_CASE("cedar authorizes: Cedar's own integration tests are answered as they say",
          "[policy][cedar]") {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/tests/vectors/cedar/integration.jsonl");
    REQUIRE(file);
    std::size_t asked = 0;
    for (std::string line; std::getline(file, line);) {
        INFO(line);
        const auto one = cedar_test::parse_case(line);
        INFO((one ? "" : one.error().text()));
        REQUIRE(one);
        for (std::size_t i = 0; i < one->requests.size(); ++i, ++asked)
            CHECK(cedar_test::answer_json(authorize(one->policies, one->requests[i])) ==
                  one->answers[i]);
    }
    CHECK(asked == 218);
}
