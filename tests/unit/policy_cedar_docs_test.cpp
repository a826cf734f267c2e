#include <fstream>
#include <sstream>

#include "policy/cedar/limits.h"
#include "policy/cedar/parser.h"
#include "policy/cedar/schema.h"
#include "policy/cedar/validate.h"
#include "tests/support/catch.h"
#include "tests/support/cedar_request.h"

using namespace holdfast;
using namespace holdfast::policy::cedar;

namespace {

std::string document() {
    std::ifstream file(HOLDFAST_SOURCE_DIR "/docs/policies.md");
    std::ostringstream content;
    content << file.rdbuf();
    return content.str();
}

std::string example() {
    const std::string doc = document();
    const std::size_t begin = doc.find("```cedar\n");
    REQUIRE(begin != std::string::npos);
    return doc.substr(begin + 9, doc.find("```\n", begin + 9) - begin - 9);
}

}  // namespace

TEST_CASE("policies: the example of docs/policies.md loads and does what it says",
          "[policy][cedar]") {
    const auto set = parse("example.cedar", example());
    INFO((set ? "" : set.error().text()));
    REQUIRE(set);
    CHECK(validate(*set).empty());
    Request request = cedar_test::request();
    const auto with_hour = [&](std::int64_t hour) {
        Record context = *request.context.record();
        Record time = *context.at("time").record();
        time.insert_or_assign("hour", hour);
        context.insert_or_assign("time", time);
        request.context = context;
        return verdict_of(authorize(*set, request));
    };
    const Verdict by_day = with_hour(12);
    CHECK(by_day.decision == Decision::permit);
    REQUIRE(by_day.rules.size() == 1);
    CHECK(by_day.rules[0]->id == "finance-refunds");
    const Verdict by_night = with_hour(3);
    CHECK(by_night.decision == Decision::deny);
    REQUIRE(by_night.rules.size() == 1);
    CHECK(by_night.rules[0]->id == "no-refunds-at-night");
}

TEST_CASE("policies: docs/policies.md names everything of the schema", "[policy][cedar]") {
    const std::string doc = document();
    const auto names = [&](const auto& attributes) {
        for (const schema::Attribute& attribute : attributes) {
            INFO(attribute.name);
            CHECK(doc.find("`" + std::string(attribute.name) + "`") != std::string::npos);
        }
    };
    for (const schema::EntityType& type : schema::entity_types) {
        INFO(type.name);
        CHECK(doc.find("| `" + std::string(type.name) + "` |") != std::string::npos);
        names(type.attributes);
    }
    names(schema::context_members);
    names(schema::host);
    names(schema::time);
}
