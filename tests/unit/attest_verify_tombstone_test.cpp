// verify_tombstone: a host's CA, its own agent, and a key that has ended.
#include "core/crypto/jwk.h"
#include "core/crypto/svid.h"
#include "core/encode/jws.h"
#include "core/encode/tombstone.h"
#include "holdfast/register.h"
#include "tests/support/appraisal.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using attest::verify_tombstone;
using encode::FuseWord;
using tests::failed;
using tests::not_run;
using tests::SoftwareKey;

namespace {

using Rules = std::set<std::string>;

constexpr std::int64_t now = 1'800'000'000;
constexpr const char* agent = "spiffe://h1.example.org/agent/bot";

struct Host {
    SoftwareKey key;
    std::string domain = "h1.example.org";

    Bytes certificate(std::int64_t from = now - 1000) const {
        const Bytes tbs = *crypto::ca_tbs({domain, key.spki(), Bytes(16, 3), from, from + 86'400});
        return *crypto::assemble_certificate(tbs, key.sign(tbs));
    }
};

const SoftwareKey& dead_key() {
    static const SoftwareKey key;
    return key;
}

encode::Tombstone tombstone() {
    return {.agent = agent,
            .state = "revoked",
            .spki = dead_key().spki(),
            .key_thumbprint = *crypto::jwk_thumbprint(dead_key().spki()),
            .fuse = FuseWord::blown,
            .by = "login:1000",
            .reason = "stolen code",
            .sequence = 41,
            .since = now - 5,
            .time = now - 4};
}

struct Signed {
    std::string typ = std::string(encode::tombstone_typ);
    std::string alg = "ES256";
    std::optional<Bytes> kid_of;
    std::optional<std::vector<Bytes>> x5c;
};

std::string signed_by(const Host& host, const encode::Tombstone& said, const Signed& how = {}) {
    const encode::JwsHeader header{how.alg, how.typ,
                                   *crypto::jwk_thumbprint(how.kid_of.value_or(host.key.spki())),
                                   how.x5c.value_or(std::vector<Bytes>{host.certificate()})};
    const std::string input = encode::signing_input(header, encode::to_json(said));
    return encode::compact(input, host.key.sign(view_of(input)));
}

attest::Expectations expecting(std::vector<Bytes> roots) {
    return {.now = now,
            .profile = attest::Profile::production,
            .ca_roots = std::move(roots),
            .ek_roots = {},
            .nonce = {},
            .verifier = {},
            .audience = {},
            .agent = {},
            .enrolment = {},
            .manifests = {},
            .accept_unproven_boot = false,
            .accept_claimed_hsm = false,
            .anchor_pcr = default_anchor_pcr};
}

Rules failed_rules(const std::string& jws, const attest::Expectations& expected) {
    const auto appraisal = verify_tombstone(jws, expected);
    REQUIRE(appraisal);
    CHECK_FALSE(appraisal->accepted());
    return failed(*appraisal);
}

Rules failed_with(void (*bend)(encode::Tombstone&)) {
    const Host host;
    auto said = tombstone();
    bend(said);
    return failed_rules(signed_by(host, said), expecting({host.certificate()}));
}

}  // namespace

TEST_CASE("tombstone: the host's own word of an agent's end is accepted",
          "[attest][verify][tombstone]") {
    const Host host;
    auto expected = expecting({host.certificate()});
    expected.agent = agent;
    const auto appraisal = verify_tombstone(signed_by(host, tombstone()), expected);
    REQUIRE(appraisal);
    CHECK(failed(*appraisal).empty());
    CHECK(not_run(*appraisal).empty());
    CHECK(appraisal->accepted());
    CHECK(appraisal->subject == agent);
    CHECK(appraisal->claims.at("state") == "revoked");
    CHECK(appraisal->claims.at("fuse") == "blown");
    CHECK(appraisal->claims.at("reason") == "stolen code");
    CHECK(appraisal->claims.at("sequence") == "41");
}

TEST_CASE("tombstone: it outlives the certificate of the CA that signed it",
          "[attest][verify][tombstone]") {
    const Host host;
    auto expected = expecting({host.certificate(now + 1'000'000)});
    expected.now = now + 1'000'001;
    const auto appraisal = verify_tombstone(signed_by(host, tombstone()), expected);
    REQUIRE(appraisal);
    CHECK(appraisal->accepted());
}

TEST_CASE("tombstone: another CA's word is no word", "[attest][verify][tombstone]") {
    const Host host;
    const Host other;
    CHECK(failed_rules(signed_by(host, tombstone()), expecting({other.certificate()})) ==
          Rules{"tombstone.ca"});
    CHECK(failed_rules(signed_by(host, tombstone()), expecting({})) == Rules{"tombstone.ca"});
    // Its certificate beside another's signature.
    Signed borrowed;
    borrowed.x5c = {host.certificate()};
    borrowed.kid_of = host.key.spki();
    CHECK(failed_rules(signed_by(other, tombstone(), borrowed), expecting({host.certificate()})) ==
          Rules{"tombstone.signature"});
    CHECK(verify_tombstone(signed_by(host, tombstone()), expecting({other.certificate()}))
              ->subject.empty());
}

TEST_CASE("tombstone: an accepted CA buries no agent of another host's",
          "[attest][verify][tombstone]") {
    const Host host;
    const Host other{SoftwareKey(), "h2.example.org"};
    auto said = tombstone();
    said.agent = "spiffe://h2.example.org/agent/bot";
    // Its own key, in a certificate that it made itself for the other's name.
    Signed how;
    how.x5c = {Host{host.key, other.domain}.certificate()};
    CHECK(failed_rules(signed_by(host, said, how),
                       expecting({host.certificate(), other.certificate()})) ==
          Rules{"tombstone.ca"});
}

TEST_CASE("tombstone: the certificate that says when the CA was valid is the CA's own word",
          "[attest][verify][tombstone]") {
    const Host host;
    const SoftwareKey stranger;
    const Bytes tbs =
        *crypto::ca_tbs({host.domain, host.key.spki(), Bytes(16, 3), now - 90'000, now + 90'000});
    Signed how;
    how.x5c = {*crypto::assemble_certificate(tbs, stranger.sign(tbs))};
    CHECK(failed_rules(signed_by(host, tombstone(), how), expecting({host.certificate()})) ==
          Rules{"tombstone.ca"});
}

TEST_CASE("tombstone: a credential's holder signs none", "[attest][verify][tombstone]") {
    const Host host;
    const SoftwareKey leaf;
    const Bytes tbs = *crypto::svid_tbs(
        {agent, leaf.spki(), host.certificate(), Bytes(16, 9), now - 60, now + 60, "{}"});
    const Bytes svid = *crypto::assemble_certificate(tbs, host.key.sign(tbs));
    const Host holder{leaf};
    Signed how;
    how.x5c = {svid};
    CHECK(failed_rules(signed_by(holder, tombstone(), how), expecting({host.certificate(), svid}))
              .contains("tombstone.ca"));
    how.x5c = {host.certificate(), host.certificate()};
    CHECK(failed_rules(signed_by(host, tombstone(), how), expecting({host.certificate()})) ==
          Rules{"tombstone.ca"});
}

TEST_CASE("tombstone: header and statement are exactly its own", "[attest][verify][tombstone]") {
    const Host host;
    const auto expected = expecting({host.certificate()});
    Signed how;
    how.typ = "holdfast-action+jwt";
    CHECK(failed_rules(signed_by(host, tombstone(), how), expected) == Rules{"tombstone.typ"});
    how = {};
    how.kid_of = dead_key().spki();
    CHECK(failed_rules(signed_by(host, tombstone(), how), expected) ==
          Rules{"tombstone.signature"});
    CHECK(failed_rules("e30.e30.AA", expected) == Rules{"tombstone.jws"});
    CHECK(failed_rules("", expected) == Rules{"tombstone.jws"});
    CHECK(failed_with([](encode::Tombstone& said) { said.state = "active"; }) ==
          Rules{"tombstone.statement"});
}

TEST_CASE("tombstone: another host's agent, another key's thumbprint, an odd time",
          "[attest][verify][tombstone]") {
    CHECK(failed_with([](encode::Tombstone& said) {
              said.agent = "spiffe://h2.example.org/agent/bot";
          }) == Rules{"tombstone.host"});
    CHECK(failed_with([](encode::Tombstone& said) { said.key_thumbprint[0] ^= 1; }) ==
          Rules{"tombstone.key"});
    CHECK(failed_with([](encode::Tombstone& said) { said.since = said.time + 1; }) ==
          Rules{"tombstone.time"});
    CHECK(failed_with([](encode::Tombstone& said) { said.time = now + 61; }) ==
          Rules{"tombstone.time"});
    CHECK(failed_with([](encode::Tombstone& said) { said.time = said.since = now - 1001; }) ==
          Rules{"tombstone.time"});
    const Host host;
    auto said = tombstone();
    said.time = now + 60;
    CHECK(verify_tombstone(signed_by(host, said), expecting({host.certificate()}))->accepted());
}

TEST_CASE("tombstone: a fuse that is pending makes it no less true",
          "[attest][verify][tombstone]") {
    const Host host;
    for (const FuseWord fuse : {FuseWord::pending, FuseWord::host_only}) {
        auto said = tombstone();
        said.fuse = fuse;
        const auto appraisal =
            verify_tombstone(signed_by(host, said), expecting({host.certificate()}));
        REQUIRE(appraisal);
        CHECK(appraisal->accepted());
        CHECK(not_run(*appraisal) == Rules{"tombstone.agent", "tombstone.fuse"});
        CHECK(appraisal->claims.at("fuse") == to_string(fuse));
    }
}

TEST_CASE("tombstone: it must be whose it was asked for", "[attest][verify][tombstone]") {
    const Host host;
    auto expected = expecting({host.certificate()});
    expected.agent = "spiffe://h1.example.org/agent/other";
    CHECK(failed_rules(signed_by(host, tombstone()), expected) == Rules{"tombstone.agent"});
}
