// [[limit]] tables: what they say, and what they may not.
#include <string>

#include "policy/agent_file.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::policy;

namespace {

std::string file_with(const std::string& limits) {
    return "name = \"bot\"\n[accountability]\nsponsor = \"s\"\nowner = \"o\"\n"
           "policy_author = \"p\"\ncan_stop = [\"c\"]\n[recognise]\nuid = 1000\n"
           "executable_sha256 = \"" +
           std::string(64, 'a') + "\"\n" + limits;
}

std::string limit_of(const std::string& rest, const std::string& name = "l") {
    return "[[limit]]\nname = \"" + name + "\"\n" + rest;
}

std::vector<Limit> limits_in(const std::string& limits) {
    auto agent = parse_agent_file("bot.toml", file_with(limits));
    if (!agent) FAIL(agent.error().text());
    return agent->limits;
}

std::string problem(const std::string& limits) {
    const auto agent = parse_agent_file("bot.toml", file_with(limits));
    return agent ? "accepted" : agent.error().text();
}

bool refused_for(const std::string& limits, const std::string& word) {
    const std::string said = problem(limits);
    INFO(said);
    CHECK(said.find(word) != std::string::npos);
    return said != "accepted" && said.starts_with("bot.toml:");
}

const std::string count_1 = "count = 1\nwindow_s = 60\n";

}  // namespace

TEST_CASE("limits file: a count, and a sum for each value, mean what they say",
          "[policy][limits-file]") {
    const auto limits = limits_in(
        limit_of("action = \"refund\"\ncount = 100\nwindow_s = 86400\n", "refunds-per-day") +
        limit_of("sum = \"order.amount\"\nmax = 50000\nper = \"params.customer\"\n"
                 "window_s = 60\nhardware = true\n",
                 "money"));
    REQUIRE(limits.size() == 2);
    CHECK(limits[0].name == "refunds-per-day");
    CHECK(limits[0].action == "refund");
    CHECK(limits[0].cap == 100);
    CHECK(limits[0].sum.empty());
    CHECK(limits[0].per.empty());
    CHECK(limits[0].window == 86400);
    CHECK_FALSE(limits[0].hardware);
    CHECK(limits[1].action.empty());
    CHECK(limits[1].sum == "order.amount");
    CHECK(limits[1].cap == 50000);
    CHECK(limits[1].per == "params.customer");
    CHECK(limits[1].hardware);
    CHECK(limits_in("").empty());
}

TEST_CASE("limits file: either a count, or a sum with its maximum", "[policy][limits-file]") {
    CHECK(refused_for(limit_of("window_s = 60\n"), "either count, or sum with max"));
    CHECK(
        refused_for(limit_of("count = 1\nsum = \"a\"\nmax = 1\nwindow_s = 60\n"), "either count"));
    CHECK(refused_for(limit_of("count = 1\nmax = 1\nwindow_s = 60\n"), "goes with sum"));
    CHECK(refused_for(limit_of("sum = \"a\"\nwindow_s = 60\n"), "max: is missing"));
    CHECK(refused_for(limit_of("max = 1\nwindow_s = 60\n"), "either count"));
    CHECK(refused_for(limit_of("count = 0\nwindow_s = 60\n"), "must be from 1"));
    CHECK(limits_in(limit_of("sum = \"a\"\nmax = 9223372036854775807\nwindow_s = 60\n"))[0].cap ==
          9223372036854775807U);
}

TEST_CASE("limits file: a window is between a second and 31 days", "[policy][limits-file]") {
    CHECK(limits_in(limit_of("count = 1\nwindow_s = 1\n"))[0].window == 1);
    CHECK(limits_in(limit_of("count = 1\nwindow_s = 2678400\n"))[0].window == max_limit_window);
    CHECK(refused_for(limit_of("count = 1\nwindow_s = 0\n"), "window_s"));
    CHECK(refused_for(limit_of("count = 1\nwindow_s = 2678401\n"), "window_s"));
    CHECK(refused_for(limit_of("count = 1\n"), "window_s: is missing"));
}

TEST_CASE("limits file: names, actions and fields are of their alphabets",
          "[policy][limits-file]") {
    CHECK(limits_in(limit_of(count_1, std::string(64, 'a'))).size() == 1);
    CHECK(refused_for(limit_of(count_1, std::string(65, 'a')), "name"));
    CHECK(refused_for(limit_of(count_1, "Refunds"), "name"));
    CHECK(refused_for(limit_of("action = \"refund.\"\n" + count_1), "action"));
    CHECK(refused_for(limit_of("action = \"\"\n" + count_1), "action"));
    for (const char* path : {"a..b", ".a", "a.", "a b", "a.b.c.d.e.f.g.h.i"})
        CHECK(refused_for(limit_of("sum = \"" + std::string(path) + "\"\nmax = 1\nwindow_s = 60\n"),
                          "sum"));
    CHECK(limits_in(limit_of("sum = \"a.b.c.d.e.f.g.h\"\nmax = 1\nwindow_s = 60\n")).size() == 1);
    CHECK(is_field_path(std::string(max_limit_field, 'a')));
    CHECK_FALSE(is_field_path(std::string(max_limit_field + 1, 'a')));
    for (const char* per : {"resource", "params.", "params", "params.a..b"})
        CHECK(refused_for(limit_of("per = \"" + std::string(per) + "\"\n" + count_1), "per"));
    CHECK(refused_for(limit_of("burst = 1\n" + count_1), "unknown key"));
    CHECK(refused_for(limit_of("hardware = 1\n" + count_1), "hardware"));
}

TEST_CASE("limits file: sixteen limits, of one name and one meaning each",
          "[policy][limits-file]") {
    std::string many;
    for (std::size_t i = 1; i <= max_limits; ++i)
        many +=
            limit_of("count = 1\nwindow_s = " + std::to_string(i) + "\n", "l" + std::to_string(i));
    CHECK(limits_in(many).size() == max_limits);
    CHECK(refused_for(many + limit_of("count = 1\nwindow_s = 99\n", "more"), "more than 16"));
    CHECK(refused_for(limit_of(count_1) + limit_of("count = 1\nwindow_s = 61\n"), "twice"));
    // Whatever the cap, and also in hardware: it would count every action once for two limits.
    CHECK(refused_for(
        limit_of(count_1, "a") + limit_of("count = 2\nwindow_s = 60\nhardware = true\n", "b"),
        "counts the same as a"));
}
