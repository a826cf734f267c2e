#include "core/encode/fields.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

const Json example = *parse_json(
    R"({"audience":"shop","count":5,"on":true,"nonce":"AQI","digest":"zz","list":[],"object":{}})");

Fields fields_of(const Json& json) {
    return *Fields::of(json, "request");
}

}  // namespace

TEST_CASE("fields: each kind of member is read as what it is", "[core][encode]") {
    Fields fields = fields_of(example);
    CHECK(*fields.text("audience", 4) == "shop");
    CHECK(*fields.text_or("missing", "other", 10) == "other");
    CHECK(*fields.integer("count", 5, 5) == 5);
    CHECK(*fields.boolean_or("on", false));
    CHECK(*fields.boolean_or("off", true));
    CHECK(*fields.base64url("nonce", 2) == Bytes{1, 2});
    CHECK((*fields.array("list"))->array()->empty());
    CHECK((*fields.object("object"))->object()->empty());
}

TEST_CASE("fields: every error names its member", "[core][encode]") {
    Fields fields = fields_of(example);
    CHECK(fields.text("count", 10).error().text() == "request.count: must be a string");
    CHECK(fields.text("gone", 10).error().text() == "request.gone: is missing");
    CHECK(fields.text("audience", 3).error().text() == "request.audience: longer than 3 bytes");
    CHECK_FALSE(fields.text_or("count", "x", 10));
    CHECK_FALSE(fields.integer("count", 6, 10));
    CHECK_FALSE(fields.integer("count", 0, 4));
    CHECK_FALSE(fields.integer("audience", 0, 4));
    CHECK_FALSE(fields.boolean_or("count", true));
    CHECK_FALSE(fields.base64url("nonce", 1));
    CHECK_FALSE(fields.sha256_hex("digest"));
    CHECK_FALSE(fields.object("list"));
    CHECK_FALSE(fields.array("object"));
    CHECK(fields.object("gone").error().code() == Code::invalid);
}

TEST_CASE("fields: what nobody asked for is refused", "[core][encode]") {
    const Json json = *parse_json(R"({"a":1,"b\u000a":2})");
    Fields fields = fields_of(json);
    CHECK(fields.integer("a", 0, 9));
    CHECK(fields.finish().error().text() == R"(request: unknown member "b\n")");
    CHECK(fields.any("b\n") != nullptr);
    CHECK(fields.finish());
    CHECK_FALSE(Fields::of(Json(1), "request"));
}
