#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/pem.h"
#include "holdfast/custody.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::encode;

namespace {

const JwsHeader header{
    "ES256", std::string(action_typ), std::string(43, 'k'), {Bytes{1, 2, 3}, Bytes{4}}};
const Json payload = *parse_json(R"({"b":1,"a":"x"})");

std::string part(std::string_view json) {
    return base64url(view_of(json));
}
std::string signature(std::size_t size = 64) {
    return base64url(Bytes(size, 7));
}
std::string with_header(std::string_view json, std::size_t size = 64) {
    return part(json) + "." + part("{}") + "." + signature(size);
}
// Is a signature of this size let through under that alg?
bool takes(std::string_view alg, std::size_t size) {
    const std::string json =
        R"({"alg":")" + std::string(alg) + R"(","kid":"k","typ":"t","x5c":[]})";
    return parse_jws(with_header(json, size)).has_value();
}

}  // namespace

TEST_CASE("jws: what is written is read back, byte for byte", "[core][encode]") {
    const std::string input = signing_input(header, payload);
    const auto jws = parse_jws(compact(input, Bytes(64, 7)));
    REQUIRE(jws);
    CHECK(jws->signing_input == input);
    CHECK(jws->signature == Bytes(64, 7));
    CHECK(jws->header.alg == "ES256");
    CHECK(jws->header.typ == action_typ);
    CHECK(jws->header.kid == header.kid);
    CHECK(jws->header.x5c == header.x5c);
    CHECK(jws->payload == payload);
    CHECK(input.substr(input.find('.') + 1) == part(R"({"a":"x","b":1})"));
    CHECK(text_of(*from_base64url(input.substr(0, input.find('.')))) ==
          R"({"alg":"ES256","kid":")" + header.kid +
              R"(","typ":"holdfast-action+jwt","x5c":["AQID","BA=="]})");
}

TEST_CASE("jws: the signing input alone is read too", "[core][encode]") {
    const std::string input = signing_input(header, payload);
    CHECK(parse_signing_input(input)->payload == payload);
    CHECK_FALSE(parse_signing_input(input + "." + signature()));
    CHECK_FALSE(parse_signing_input(input.substr(0, input.find('.'))));
    CHECK_FALSE(parse_signing_input(""));
}

TEST_CASE("jws: exactly these header members, and an algorithm of ours", "[core][encode]") {
    CHECK(parse_jws(with_header(R"({"alg":"ES256","kid":"k","typ":"t","x5c":[]})")));
    for (const char* json :
         {R"({"alg":"none","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"es256","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"HS256","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"ES512","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"Ed25519","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"RS256-2048","kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"","kid":"k","typ":"t","x5c":[]})", R"({"kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"ES256","kid":"k","typ":"t"})",
          R"({"alg":"ES256","crit":[],"kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"ES256","jwk":{},"kid":"k","typ":"t","x5c":[]})",
          R"({"alg":"ES256","kid":1,"typ":"t","x5c":[]})",
          R"({"alg":"ES256","kid":"k","typ":"t","x5c":[1]})",
          R"({"alg":"ES256","kid":"k","typ":"t","x5c":["A_-A"]})",
          R"({"alg":"ES256","kid":"k","typ":"t","x5c":{}})",
          R"({"alg":"ES256","kid":"k","typ":"t","x5c":["AA==","AA==","AA==","AA==","AA=="]})", "[]",
          "{}"})
        CHECK_FALSE(parse_jws(with_header(json)));
}

TEST_CASE("jws: a signature has a size that its alg can have", "[core][encode]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const std::size_t size = signature_size(algorithm);
        CHECK(takes(jws_alg(algorithm), size));
        CHECK_FALSE(takes(jws_alg(algorithm), size - 1));
        CHECK_FALSE(takes(jws_alg(algorithm), size + 1));
        CHECK_FALSE(takes(jws_alg(algorithm), 0));
    }
    // Sizes of one alg are not those of another.
    CHECK_FALSE(takes("ES256", 96));
    CHECK_FALSE(takes("EdDSA", 96));
    CHECK_FALSE(takes("ES384", 64));
    CHECK_FALSE(takes("PS256", 64));
    CHECK_FALSE(takes("RS256", 512));
}

TEST_CASE("jws: the header says the algorithm it was given", "[core][encode]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        JwsHeader own = header;
        own.alg = jws_alg(algorithm);
        const std::string input = signing_input(own, payload);
        const auto jws = parse_jws(compact(input, Bytes(signature_size(algorithm), 7)));
        REQUIRE(jws);
        CHECK(jws->header.alg == own.alg);
        CHECK(jws->signing_input == input);
    }
}

TEST_CASE("jws: one text per statement", "[core][encode]") {
    const std::string good = R"({"alg":"ES256","kid":"k","typ":"t","x5c":[]})";
    CHECK_FALSE(parse_jws(with_header(R"({"kid":"k","alg":"ES256","typ":"t","x5c":[]})")));
    CHECK_FALSE(parse_jws(with_header(R"({"alg":"ES256","kid":"k","typ":"t","x5c":[] })")));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{ }") + "." + signature()));
    CHECK_FALSE(parse_jws(part(good) + "." + part(R"({"a":1,"a":1})") + "." + signature()));
    CHECK_FALSE(parse_jws(part(good) + "=." + part("{}") + "." + signature()));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{}") + "." + signature(63)));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{}") + "." + signature(65)));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{}") + "."));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{}") + "." + signature() + "\n"));
    CHECK_FALSE(parse_jws(part(good) + "." + part("{}") + "." + signature() + ".x"));
    CHECK_FALSE(parse_jws(part(good) + ".." + signature()));
}

TEST_CASE("jws: bounded, at the bound and one past it", "[core][encode]") {
    const auto of_size = [](std::size_t filler) {
        return compact(signing_input(header, Json(std::string(filler, 'x'))), Bytes(64));
    };
    std::size_t filler = max_jws / 4 * 3 - 400;
    while (of_size(filler + 1).size() <= max_jws)
        ++filler;
    CHECK(parse_jws(of_size(filler)));
    CHECK_FALSE(parse_jws(of_size(filler + 3)));
}

TEST_CASE("pem: lines of 64, and every block of the label", "[core][encode]") {
    const std::string one = to_pem("CERTIFICATE", Bytes(49, 0xaa));
    CHECK(one.starts_with("-----BEGIN CERTIFICATE-----\n"));
    CHECK(one.ends_with("\n-----END CERTIFICATE-----\n"));
    CHECK(one.find('\n', 28) - 28 == 64);
    const std::string text =
        "a comment\n" + one + to_pem("OTHER", Bytes{1}) + to_pem("CERTIFICATE", Bytes{2});
    CHECK(*from_pem(text, "CERTIFICATE") == std::vector<Bytes>{Bytes(49, 0xaa), Bytes{2}});
    CHECK(*from_pem(text, "OTHER") == std::vector<Bytes>{Bytes{1}});
    CHECK(*from_pem("-----BEGIN X-----\r\nAQ==\r\n-----END X-----\r\n", "X") ==
          std::vector<Bytes>{Bytes{1}});
}

TEST_CASE("pem: broken blocks are refused", "[core][encode]") {
    for (const char* text :
         {"", "AQ==", "-----BEGIN X-----\nAQ==\n", "-----BEGIN X-----\nAQ==\n-----END Y-----\n",
          "-----BEGIN X-----\nA*==\n-----END X-----\n", "-----BEGIN X-----\n-----END X-----\n",
          "-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAQ==\n-----END X-----\n"})
        CHECK_FALSE(from_pem(text, "X"));
}
