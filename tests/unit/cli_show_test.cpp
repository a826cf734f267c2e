#include <string>

#include "cli/show.h"
#include "tests/support/catch.h"

using holdfast::cli::lines_of;
using holdfast::cli::table_of;
using holdfast::encode::Json;

TEST_CASE("show: members are lines, nested ones indented, times UTC", "[cli]") {
    Json::Object ledger;
    ledger["size"] = 3;
    Json::Object status;
    status["ledger"] = std::move(ledger);
    status["not_after"] = std::int64_t{1'700'000'000};
    status["notes"] = Json::Array{"one", "two"};
    CHECK(lines_of(std::move(status)) ==
          "ledger:\n  size: 3\nnot_after: 2023-11-14T22:13:20Z\nnotes: one, two\n");
}

TEST_CASE("show: a table has a column for each member, a dash where there is none", "[cli]") {
    Json::Object first;
    first["name"] = "deploy-bot";
    first["state"] = "active";
    Json::Object second;
    second["name"] = "x";
    const Json agents = Json::Array{std::move(first), std::move(second)};
    CHECK(table_of(agents, {"name", "state"}) ==
          "NAME        STATE\ndeploy-bot  active\nx           -\n");
}

TEST_CASE("show: what the daemon says cannot repaint the terminal", "[cli]") {
    Json::Object reply;
    reply["path"] = "/tmp/\x1b[2Jevil\n";
    CHECK(lines_of(std::move(reply)) == "path: /tmp/?[2Jevil?\n");
}
