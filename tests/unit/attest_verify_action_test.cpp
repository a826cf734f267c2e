#include "attest/verify/sheet.h"
#include "core/crypto/digest.h"
#include "core/encode/jws.h"
#include "core/encode/statement.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/software_attester.h"

using namespace holdfast;
using attest::Expectations;
using attest::Profile;
using attest::verify_action;
using tests::failed;
using tests::not_run;
using tests::SoftwareAttester;

namespace {

using Rules = std::set<std::string>;

Rules failed_with(const SoftwareAttester& host, void (*bend)(Statement&)) {
    Statement statement = host.statement();
    bend(statement);
    const auto appraisal =
        verify_action(host.action(statement), host.expectations(Profile::production));
    REQUIRE(appraisal);
    CHECK_FALSE(appraisal->accepted());
    return failed(*appraisal);
}

// A JWS whose header a test chose, signed by the agent's key.
std::string signed_with(const SoftwareAttester& host, const encode::JwsHeader& header) {
    const std::string input = encode::signing_input(header, encode::to_json(host.statement()));
    return encode::compact(input, host.agent_key().sign(view_of(input)));
}

encode::JwsHeader header_of(const SoftwareAttester& host) {
    return encode::parse_jws(host.action(host.statement()))->header;
}

SoftwareAttester with_key_for(KeyAlgorithm algorithm) {
    tests::Bends bends;
    bends.algorithm = algorithm;
    return SoftwareAttester(std::move(bends));
}

}  // namespace

TEST_CASE("action: one signed by the credential's key is accepted", "[attest][verify]") {
    const SoftwareAttester host;
    const auto appraisal =
        verify_action(host.action(host.statement()), host.expectations(Profile::production));
    REQUIRE(appraisal);
    CHECK(failed(*appraisal).empty());
    CHECK(not_run(*appraisal).empty());
    CHECK(appraisal->accepted());
    CHECK(appraisal->subject == SoftwareAttester::agent);
    CHECK(appraisal->claims.at("action") == "refund.create");
}

TEST_CASE("action: one signed by a key of any of our algorithms is accepted", "[attest][verify]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        const SoftwareAttester host = with_key_for(algorithm);
        const Expectations expected = host.expectations(Profile::production);
        std::string action = host.action(host.statement());
        const auto appraisal = verify_action(action, expected);
        REQUIRE(appraisal);
        CHECK(failed(*appraisal).empty());
        CHECK(appraisal->accepted());
        // Another signature of the same size.
        const std::size_t at = action.rfind('.') + 5;
        action[at] = action[at] == 'A' ? 'B' : 'A';
        CHECK(failed(*verify_action(action, expected)) == Rules{"action.signature"});
    }
}

TEST_CASE("action: an alg that is not the key's is refused", "[attest][verify]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        const SoftwareAttester host = with_key_for(algorithm);
        const Expectations expected = host.expectations(Profile::production);
        for (const KeyAlgorithm other : key_algorithms) {
            // What does not even have the size is no JWS under that alg.
            if (jws_alg(other) == jws_alg(algorithm) ||
                signature_size(other) != signature_size(algorithm))
                continue;
            INFO(to_string(algorithm) << " as " << to_string(other));
            encode::JwsHeader header = header_of(host);
            header.alg = jws_alg(other);
            CHECK(failed(*verify_action(signed_with(host, header), expected)) ==
                  Rules{"action.signature"});
        }
    }
}

TEST_CASE("action: what the statement says must be what the credential says", "[attest][verify]") {
    const SoftwareAttester host;
    CHECK(failed_with(host, [](Statement& s) {
              s.agent = "spiffe://h1.example.org/agent/other";
          }) == Rules{"action.agent"});
    CHECK(failed_with(host, [](Statement& s) { s.custody = Custody::hsm; }) ==
          Rules{"action.claims"});
    CHECK(failed_with(host, [](Statement& s) { s.assurance = Assurance::enforced; }) ==
          Rules{"action.claims"});
    CHECK(failed_with(host, [](Statement& s) { s.measurement[0] ^= 1; }) == Rules{"action.claims"});
    CHECK(failed_with(host, [](Statement& s) { s.fuse = FuseKind::host; }) ==
          Rules{"action.claims"});
}

TEST_CASE("action: another audience or a refusal is not accepted", "[attest][verify]") {
    const SoftwareAttester host;
    CHECK(failed_with(host, [](Statement& s) { s.action.audience = "https://evil.example"; }) ==
          Rules{"action.audience"});
    CHECK(failed_with(host, [](Statement& s) { s.decision = "forbid"; }) ==
          Rules{"action.statement"});
}

TEST_CASE("action: time is bounded by now and by the credential", "[attest][verify]") {
    const SoftwareAttester host;
    const auto at = [&](std::int64_t time) {
        Statement statement = host.statement();
        statement.time = time;
        return failed(
            *verify_action(host.action(statement), host.expectations(Profile::production)));
    };
    CHECK(at(SoftwareAttester::now + 60).empty());
    CHECK(at(SoftwareAttester::now + 61) == Rules{"action.time"});
    CHECK(at(SoftwareAttester::now - 60).empty());
    CHECK(at(SoftwareAttester::now - 61) == Rules{"credential.current", "credential.chain"});
}

TEST_CASE("action: it stays valid after its credential has ended", "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::production);
    expected.now += 7200;
    CHECK(verify_action(host.action(host.statement()), expected)->accepted());
}

TEST_CASE("action: no audience expected is not run, and production needs it", "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::production);
    expected.audience.reset();
    const std::string action = host.action(host.statement());
    CHECK(not_run(*verify_action(action, expected)) == Rules{"action.audience"});
    CHECK_FALSE(verify_action(action, expected)->accepted());
    expected.profile = Profile::evaluation;
    CHECK(verify_action(action, expected)->accepted());
}

TEST_CASE("action: signature, kid, typ and chain are each looked at", "[attest][verify]") {
    const SoftwareAttester host;
    const SoftwareAttester other;
    const Expectations expected = host.expectations(Profile::production);
    const std::string input =
        encode::signing_input(header_of(host), encode::to_json(host.statement()));
    const std::string forged = encode::compact(input, other.agent_key().sign(view_of(input)));
    CHECK(failed(*verify_action(forged, expected)) == Rules{"action.signature"});
    encode::JwsHeader header = header_of(host);
    header.kid = header_of(other).kid;
    CHECK(failed(*verify_action(signed_with(host, header), expected)) == Rules{"action.kid"});
    header = header_of(host);
    header.typ = "JWT";
    CHECK(failed(*verify_action(signed_with(host, header), expected)) == Rules{"action.typ"});
    header = header_of(host);
    header.x5c.clear();
    CHECK(failed(*verify_action(signed_with(host, header), expected)) ==
          Rules{"credential.parses"});
    const Expectations elsewhere = other.expectations(Profile::production);
    CHECK(failed(*verify_action(host.action(host.statement()), elsewhere)) ==
          Rules{"credential.chain"});
}

TEST_CASE("action: another agent than expected is not accepted", "[attest][verify]") {
    const SoftwareAttester host;
    Expectations expected = host.expectations(Profile::production);
    expected.agent = "spiffe://h1.example.org/agent/other";
    CHECK(failed(*verify_action(host.action(host.statement()), expected)) ==
          Rules{"credential.agent"});
}

TEST_CASE("action: what is no JWS is one failed rule", "[attest][verify]") {
    const SoftwareAttester host;
    const Expectations expected = host.expectations(Profile::evaluation);
    const std::string whole = host.action(host.statement());
    for (const std::string& text :
         {std::string(), std::string("a.b.c"), whole + ".x", whole.substr(0, whole.size() - 1)}) {
        const auto appraisal = verify_action(text, expected);
        REQUIRE(appraisal);
        CHECK(failed(*appraisal) == Rules{"action.jws"});
        CHECK_FALSE(appraisal->accepted());
    }
}
