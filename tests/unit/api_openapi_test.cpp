#include <cctype>
#include <set>
#include <string>

#include "api/openapi.h"
#include "core/encode/json.h"
#include "daemon/front/routes.h"
#include "tests/support/catch.h"

using namespace holdfast;

namespace {

std::string allowed_on(daemon::Allowed allowed) {
    switch (allowed) {
        case daemon::Allowed::agent: return R"(["agent"])";
        case daemon::Allowed::admin: return R"(["admin"])";
        case daemon::Allowed::both: return R"(["agent","admin"])";
    }
    return "";
}

// "get /v1/whoami on [\"agent\"]": one line per route, from either side.
std::set<std::string> served() {
    std::set<std::string> lines;
    for (const daemon::Route& route : daemon::routes()) {
        std::string method(route.method);
        for (char& c : method)
            c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        lines.insert(method + " " + std::string(route.path) + " on " + allowed_on(route.allowed));
    }
    return lines;
}

std::set<std::string> documented(const encode::Json& document) {
    std::set<std::string> lines;
    for (const auto& [path, methods] : *document.find("paths")->object())
        for (const auto& [method, operation] : *methods.object())
            lines.insert(method + " " + path + " on " + encode::canonical(*operation.find("tags")));
    return lines;
}

}  // namespace

TEST_CASE("openapi: documents exactly the routes that are served, each on its socket", "[api]") {
    const auto document = encode::parse_json(api::openapi_document(), std::size_t{1} << 20);
    REQUIRE(document);
    CHECK(documented(*document) == served());
}

TEST_CASE("openapi: a route takes a body if and only if the document says so", "[api]") {
    const auto document = encode::parse_json(api::openapi_document(), std::size_t{1} << 20);
    REQUIRE(document);
    for (const daemon::Route& route : daemon::routes()) {
        INFO(route.method << " " << route.path);
        const encode::Json* path = document->find("paths")->find(route.path);
        REQUIRE(path != nullptr);
        const encode::Json* operation = path->find(route.method == "GET" ? "get" : "post");
        REQUIRE(operation != nullptr);
        CHECK((operation->find("requestBody") != nullptr) == (route.max_body > 0));
    }
}
