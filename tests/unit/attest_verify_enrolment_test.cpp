#include "attest/verify/enrolment.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/encode/pem.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using attest::challenge_host;
using attest::enrolment_from;
using attest::finish_enrolment;
using attest::host_keys_from;
using attest::HostKeys;
using attest::Profile;
using encode::Json;
using tests::SoftwareAttester;

namespace {

constexpr std::int64_t now = SoftwareAttester::now;

HostKeys keys_of(const SoftwareAttester& host) {
    const Evidence evidence = host.evidence();
    return {.ek_certificates = evidence.tpm->ek_certificates,
            .ek_public = evidence.tpm->ek_public,
            .ak_public = evidence.tpm->ak_public};
}

std::vector<Bytes> roots_of(const SoftwareAttester& host) {
    return host.expectations(Profile::production).ek_roots;
}

// What the right chip would answer: the value itself.
std::string answer_to(const std::string& secret) {
    const auto parsed = encode::parse_json(secret);
    return encode::canonical(Json(Json::Object{{"secret", *parsed->find("value")}}));
}

}  // namespace

TEST_CASE("enrolment: the value only the chip can recover makes the file", "[attest][enrolment]") {
    const SoftwareAttester host;
    const auto made = challenge_host(keys_of(host), roots_of(host), now);
    REQUIRE(made);
    const auto file = finish_enrolment(made->secret, answer_to(made->secret), now);
    REQUIRE(file);
    const auto enrolment = enrolment_from(*file);
    REQUIRE(enrolment);
    CHECK(enrolment->ek_public == keys_of(host).ek_public);
    attest::Expectations expected = host.expectations(Profile::production);
    expected.enrolment = bytes_of(view_of(*file));
    CHECK(attest::verify_evidence(host.packed(), expected)->accepted());
}

TEST_CASE("enrolment: the challenge does not contain the secret", "[attest][enrolment]") {
    const SoftwareAttester host;
    const auto made = challenge_host(keys_of(host), roots_of(host), now);
    REQUIRE(made);
    const std::string value = *encode::parse_json(made->secret)->find("value")->string();
    CHECK(made->challenge.find(value) == std::string::npos);
    CHECK(encode::parse_json(made->challenge)->object()->size() == 2);
}

TEST_CASE("enrolment: another answer is refused", "[attest][enrolment]") {
    const SoftwareAttester host;
    const auto made = challenge_host(keys_of(host), roots_of(host), now);
    const auto other = challenge_host(keys_of(host), roots_of(host), now);
    REQUIRE(made);
    REQUIRE(other);
    const auto wrong = finish_enrolment(made->secret, answer_to(other->secret), now);
    REQUIRE_FALSE(wrong);
    CHECK(wrong.error().reason() == "enrolment_failed");
    CHECK_FALSE(finish_enrolment(made->secret, R"({"secret":""})", now));
    CHECK_FALSE(finish_enrolment(made->secret, "{}", now));
    CHECK_FALSE(finish_enrolment("{}", answer_to(made->secret), now));
}

TEST_CASE("enrolment: an EK of an unknown vendor gets no challenge", "[attest][enrolment]") {
    const SoftwareAttester host;
    const SoftwareAttester other;
    const auto made = challenge_host(keys_of(host), roots_of(other), now);
    REQUIRE_FALSE(made);
    CHECK(made.error().reason() == "host_not_trusted");
    CHECK_FALSE(challenge_host(keys_of(host), {}, now));
    HostKeys without = keys_of(host);
    without.ek_certificates.clear();
    CHECK_FALSE(challenge_host(without, roots_of(host), now));
    HostKeys swapped = keys_of(host);
    swapped.ek_public = keys_of(other).ek_public;
    CHECK_FALSE(challenge_host(swapped, roots_of(host), now));
}

TEST_CASE("enrolment: an AK that could sign anything gets no challenge", "[attest][enrolment]") {
    const SoftwareAttester host(
        {.ak = [](TPMT_PUBLIC& ak) { ak.objectAttributes &= ~TPMA_OBJECT_RESTRICTED; }});
    const auto made = challenge_host(keys_of(host), roots_of(host), now);
    REQUIRE_FALSE(made);
    CHECK(made.error().text().find("ak.attributes") != std::string::npos);
}

TEST_CASE("enrolment: the host's answer is read as the daemon writes it", "[attest][enrolment]") {
    const HostKeys keys = keys_of(SoftwareAttester());
    const Json reply = Json::Object{
        {"ak_public", encode::base64url(keys.ak_public)},
        {"custody", "software-tpm"},
        {"ek_certificates",
         Json(Json::Array{Json(encode::to_pem("CERTIFICATE", keys.ek_certificates[0]))})},
        {"ek_public", encode::base64url(keys.ek_public)},
        {"manufacturer", "IBM "},
        {"trust_domain", "h1.example.org"}};
    const auto read = host_keys_from(encode::canonical(reply));
    REQUIRE(read);
    CHECK(read->ek_public == keys.ek_public);
    CHECK(read->ek_certificates == keys.ek_certificates);
    CHECK_FALSE(host_keys_from("{}"));
}
