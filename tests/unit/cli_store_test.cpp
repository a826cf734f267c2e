#include <filesystem>
#include <iostream>
#include <sstream>

#include "cli/run.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"
#include "tests/support/one_answer.h"

using namespace holdfast;
using cli::Exit;
using tests::OneAnswer;

namespace {

// What the command said and how it ended.
std::pair<int, std::string> ran(OneAnswer& daemon, std::vector<std::string> words) {
    words.insert(words.end(), {"--socket", daemon.path()});
    std::ostringstream said;
    auto* before = std::cout.rdbuf(said.rdbuf());
    const int exit = static_cast<int>(cli::run(words, false));
    std::cout.rdbuf(before);
    return {exit, said.str()};
}

}  // namespace

TEST_CASE("store import: the daemon is told absolute paths", "[cli]") {
    OneAnswer daemon(R"({"files":7,"verity":"on"})");
    const auto [exit, said] = ran(daemon, {"store", "import", "./a.json", "../agent"});
    CHECK(exit == 0);
    CHECK(said.find("files") != std::string::npos);
    const std::string request = daemon.request();
    CHECK(request.starts_with("POST /v1/store/import HTTP/1.1\r\n"));
    const auto here = std::filesystem::current_path();
    const auto json = encode::parse_json(request.substr(request.find("\r\n\r\n") + 4));
    REQUIRE(json);
    CHECK(*json->find("manifest")->string() == (here / "a.json").string());
    CHECK(*json->find("directory")->string() == (here.parent_path() / "agent").string());
}

TEST_CASE("store list: one line for each manifest", "[cli]") {
    OneAnswer daemon(
        R"({"manifests":[{"name":"bot","version":3,"files":7,"bytes":9,"manifest_sha256":"abc"}]})");
    const auto [exit, said] = ran(daemon, {"store", "list"});
    CHECK(exit == 0);
    CHECK(said.find("bot") != std::string::npos);
    CHECK(said.find("abc") != std::string::npos);
    CHECK(daemon.request().starts_with("GET /v1/store HTTP/1.1\r\n"));
}

TEST_CASE("store gc: says what went", "[cli]") {
    OneAnswer daemon(R"({"bytes":9,"manifests":1,"objects":2,"views":1})");
    CHECK(ran(daemon, {"store", "gc"}).first == 0);
    CHECK(daemon.request().starts_with("POST /v1/store/collect HTTP/1.1\r\n"));
}

TEST_CASE("store fsck: differences are a failed verification", "[cli]") {
    {
        OneAnswer daemon(R"({"differences":[],"differing":0,"objects":2})");
        CHECK(ran(daemon, {"store", "fsck"}).first == static_cast<int>(Exit::ok));
        CHECK(daemon.request().starts_with("POST /v1/store/check HTTP/1.1\r\n"));
    }
    OneAnswer daemon(R"({"differences":[{"path":"objects/ab","what":"contents"}],"differing":1})");
    const auto [exit, said] = ran(daemon, {"store", "fsck"});
    CHECK(exit == static_cast<int>(Exit::verification_failed));
    CHECK(said.find("objects/ab") != std::string::npos);
}
