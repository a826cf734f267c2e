#include "core/encode/base64.h"
#include "core/encode/dsse.h"
#include "core/encode/json.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

constexpr std::size_t large = 1024UL * 1024;

Result<Dsse> read(std::string_view json) {
    return parse_dsse(json, large);
}

const Dsse sample{"text/plain", Bytes{'h', 'i'}, {{"key", Bytes{1, 2, 3}}, {"", Bytes{4}}}};

std::string with_signatures(std::size_t count, std::size_t size = 1) {
    return to_json({"t", {}, std::vector<DsseSignature>(count, {"k", Bytes(size, 7)})});
}

}  // namespace

TEST_CASE("dsse: what is written is read back", "[core][encode]") {
    const auto envelope = read(to_json(sample));
    REQUIRE(envelope);
    CHECK(envelope->payload_type == "text/plain");
    CHECK(envelope->payload == sample.payload);
    REQUIRE(envelope->signatures.size() == 2);
    CHECK(envelope->signatures[0].key_id == "key");
    CHECK(envelope->signatures[0].signature == Bytes{1, 2, 3});
    CHECK(to_json(*envelope) == to_json(sample));
}

TEST_CASE("dsse: the pre-authentication encoding is the specification's", "[core][encode]") {
    // protocol.md of secure-systems-lab/dsse, "Test vectors".
    const Bytes bytes = dsse_signed_bytes("http://example.com/HelloWorld", view_of("hello world"));
    CHECK(text_of(bytes) == "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
    CHECK(text_of(dsse_signed_bytes("", {})) == "DSSEv1 0  0 ");
    // Lengths count bytes, and nothing can move between the fields.
    CHECK(text_of(dsse_signed_bytes("\xc3\xa9", view_of("x"))) == "DSSEv1 2 \xc3\xa9 1 x");
    CHECK(dsse_signed_bytes("a 1", view_of("b")) != dsse_signed_bytes("a", view_of("1 b")));
}

TEST_CASE("dsse: exactly these members, each of its kind and once", "[core][encode]") {
    CHECK(read(R"({"payload":"","payloadType":"t","signatures":[{"keyid":"k","sig":"AQ=="}]})"));
    CHECK(read(R"({"payload":"","payloadType":"t","signatures":[{"sig":"AQ=="}]})"));
    for (const char* json : {
             R"([])",
             R"({"payloadType":"t","signatures":[{"sig":"AQ=="}]})",
             R"({"payload":"","signatures":[{"sig":"AQ=="}]})",
             R"({"payload":"","payloadType":"t"})",
             R"({"payload":"","payloadType":"t","signatures":{}})",
             R"({"payload":"","payloadType":"t","signatures":[]})",
             R"({"payload":"","payloadType":"t","signatures":["AQ=="]})",
             R"({"payload":"","payloadType":"t","signatures":[{"keyid":"k"}]})",
             R"({"payload":"","payloadType":"t","signatures":[{"sig":""}]})",
             R"({"payload":"","payloadType":"t","signatures":[{"cert":"c","sig":"AQ=="}]})",
             R"({"payload":"","payloadType":"t","signatures":[{"sig":"AQ=="}],"x":1})",
             R"({"payload":"","payload":"","payloadType":"t","signatures":[{"sig":"AQ=="}]})",
             R"({"payload":"AQ","payloadType":"t","signatures":[{"sig":"AQ=="}]})",
             R"({"payload":"_-8=","payloadType":"t","signatures":[{"sig":"AQ=="}]})",
             R"({"payload":1,"payloadType":"t","signatures":[{"sig":"AQ=="}]})",
         }) {
        INFO(json);
        CHECK_FALSE(read(json));
    }
}

TEST_CASE("dsse: every size is bounded, at the bound and one past it", "[core][encode]") {
    CHECK(read(with_signatures(max_dsse_signatures)));
    CHECK_FALSE(read(with_signatures(max_dsse_signatures + 1)));
    CHECK(read(with_signatures(1, max_dsse_signature)));
    CHECK_FALSE(read(with_signatures(1, max_dsse_signature + 1)));
    const auto with_key_id = [](std::size_t size) {
        return to_json({"t", {}, {{std::string(size, 'k'), Bytes{1}}}});
    };
    CHECK(read(with_key_id(max_dsse_key_id)));
    CHECK_FALSE(read(with_key_id(max_dsse_key_id + 1)));
    const auto with_type = [](std::size_t size) {
        return to_json({std::string(size, 't'), {}, {{"", Bytes{1}}}});
    };
    CHECK(read(with_type(max_dsse_payload_type)));
    CHECK_FALSE(read(with_type(max_dsse_payload_type + 1)));
    const std::string whole = to_json(sample);
    CHECK(parse_dsse(whole, whole.size()));
    CHECK_FALSE(parse_dsse(whole, whole.size() - 1));
}

TEST_CASE("dsse: a megabyte of small values is refused before it becomes fifty", "[core][encode]") {
    std::string many = R"({"payload":")";
    many += R"(","payloadType":"t","signatures":[)";
    for (int i = 0; i < 100'000; ++i)
        many += "[],";
    many += "0]}";
    const auto envelope = read(many);
    REQUIRE_FALSE(envelope);
    CHECK(envelope.error().text().find("more values than expected") != std::string::npos);
}
