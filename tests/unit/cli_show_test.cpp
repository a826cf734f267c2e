#include <string>

#include "cli/commands/report.h"
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

TEST_CASE("report: what was launched is shown, in one line each", "[cli]") {
    holdfast::attest::Appraisal appraisal;
    appraisal.launches = {{.agent = "deploy-bot\n",
                           .instance = "i-1",
                           .manifest = "ab12",
                           .time = 1'800'000'000,
                           .version = 4,
                           .ended = {}},
                          {.agent = "other-bot",
                           .instance = "i-2",
                           .manifest = "cd34",
                           .time = 1'800'000'000,
                           .version = {},
                           .ended = "kill"}};
    const auto text = holdfast::cli::report_text(appraisal, {.utf8 = true, .colour = false});
    CHECK(text.find("instance i-1, 2027-01-15") != std::string::npos);
    CHECK(text.find("manifest ab12 (version 4)\n") != std::string::npos);
    CHECK(text.find("manifest cd34, ended: kill\n") != std::string::npos);
    CHECK(text.find("deploy-bot\n,") == std::string::npos);
    const auto json = holdfast::encode::canonical(holdfast::cli::report_json(appraisal));
    CHECK(json.find(R"({"agent":"other-bot","ended":"kill","instance":"i-2",)"
                    R"("manifest":"cd34","time":1800000000,"version":null})") != std::string::npos);
}

TEST_CASE("show: no control character gets through, however deep it stands", "[cli]") {
    using holdfast::cli::plain;
    using holdfast::encode::Json;
    // C0, DEL, and U+009B: to some terminals that begins a sequence as ESC [ does.
    const std::string hostile =
        "a\x1b[2J\x7f\xc2\x9b"
        "2J";
    const std::string cleaned = "a?[2J??2J";
    CHECK(plain(Json(hostile)) == cleaned);
    CHECK(plain(Json(Json::Array{hostile})) == cleaned);
    const Json nested = Json::Array{Json::Object{{"k\x7f\xc2\x80", hostile}}};
    // JSON writes ESC as \u001b by itself, the others as they are.
    CHECK(plain(nested) == "[{\"k??\":\"a\\u001b[2J??2J\"}]");
    // What people write is left alone: U+00A0 and above.
    CHECK(plain(Json("50 \xe2\x82\xac f\xc3\xbcr \xc2\xa0\xc2\xbb")) ==
          "50 \xe2\x82\xac f\xc3\xbcr \xc2\xa0\xc2\xbb");
}
