#include "api/store_messages.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

std::string request_with(const std::string& directory, const std::string& manifest) {
    return encode::canonical(
        encode::Json::Object{{"directory", directory}, {"manifest", manifest}});
}

}  // namespace

TEST_CASE("store import request: two absolute paths and nothing else", "[api]") {
    const auto request = api::store_import_request(request_with("/srv/agent", "/srv/agent.json"));
    REQUIRE(request);
    CHECK(request->directory == "/srv/agent");
    CHECK(request->manifest == "/srv/agent.json");

    const std::string longest = "/" + std::string(api::max_store_path - 1, 'x');
    CHECK(api::store_import_request(request_with(longest, longest)));
    for (const std::string& wrong :
         {std::string(), std::string("srv"), std::string("/a\0b", 4), longest + "x"}) {
        CHECK_FALSE(api::store_import_request(request_with(wrong, "/m")));
        CHECK_FALSE(api::store_import_request(request_with("/d", wrong)));
    }
    for (const char* wrong : {"", "{}", R"({"directory":"/d"})", R"({"manifest":"/m"})",
                              R"({"directory":"/d","manifest":"/m","keys":[]})"}) {
        const auto refused = api::store_import_request(wrong);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().reason() == "malformed_request");
    }
}

TEST_CASE("store replies: each member by its name, texts made printable", "[api]") {
    const std::string zeros(64, '0');
    api::StoreImported imported;
    imported.files = 7;
    imported.bytes = 100;
    imported.reused = 3;
    CHECK(encode::canonical(to_json(imported)) == R"({"bytes":100,"files":7,"manifest_sha256":")" +
                                                      zeros + R"(","reused":3,"root":")" + zeros +
                                                      R"(","verity":"unavailable"})");
    imported.verity = true;
    CHECK(*to_json(imported).find("verity")->string() == "on");

    api::StoredManifest stored;
    stored.name = "bot";
    stored.version = 2;
    stored.imported_at = 5;
    stored.not_after = 6;
    CHECK(encode::canonical(to_json(std::vector{stored})) ==
          R"({"manifests":[{"bytes":0,"files":0,"imported_at":5,"manifest_sha256":")" + zeros +
              R"(","name":"bot","not_after":6,"root":")" + zeros + R"(","version":2}]})");
    CHECK(encode::canonical(to_json(std::vector<api::StoredManifest>())) == R"({"manifests":[]})");

    CHECK(encode::canonical(to_json(api::StoreCollected{1, 2, 3, 4})) ==
          R"({"bytes":4,"manifests":1,"objects":3,"views":2})");

    api::StoreChecked checked;
    checked.differing = 1;
    checked.differences = {{"objects/ab\n", "contents"}};
    CHECK(encode::canonical(to_json(checked)) ==
          R"({"bytes":0,"differences":[{"path":"objects/ab?","what":"contents"}],"differing":1,)"
          R"("manifests":0,"objects":0,"unneeded":0,"unread":0,"views":0})");
}
