#include <algorithm>

#include "core/crypto/certificate.h"
#include "core/crypto/der.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "tests/support/catch.h"
#include "tests/support/software_key.h"

using namespace holdfast;
using namespace holdfast::crypto;
using encode::from_hex;

namespace {

constexpr std::int64_t now = 1'800'000'000;
constexpr const char* host = "h1.example.org";
constexpr const char* claims = R"({"assurance":"observed","custody":"software-tpm"})";

// The base point of P-256 and its double, standing for the CA's key and an agent's.
const Bytes ca_key =
    *spki_of_p256({*from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
                   *from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")});
const Bytes agent_key =
    *spki_of_p256({*from_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
                   *from_hex("07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1")});

CaRequest ca_request() {
    return {host, ca_key, Bytes(16, 0x11), now - clock_skew, now + max_ca_lifetime};
}
Bytes ca_certificate() {
    return *assemble_certificate(*ca_tbs(ca_request()), Bytes(64, 1));
}
SvidRequest svid_request() {
    return {"spiffe://h1.example.org/agent/deploy-bot",
            agent_key,
            ca_certificate(),
            Bytes(16, 0xa2),
            now - clock_skew,
            now + 3600,
            claims};
}

// The same bytes with one run of them replaced by another of the same length.
Bytes with(Bytes tbs, ByteView from, ByteView to) {
    REQUIRE(from.size() == to.size());
    const auto at = std::search(tbs.begin(), tbs.end(), from.begin(), from.end());
    REQUIRE(at != tbs.end());
    std::copy(to.begin(), to.end(), at);
    return tbs;
}

struct Change {
    const char* what;
    const char* from;  // hex
    const char* to;
};

}  // namespace

TEST_CASE("svid: a credential has exactly the profile", "[core][crypto]") {
    const auto tbs = svid_tbs(svid_request());
    REQUIRE(tbs);
    const auto read = parse_certificate(*assemble_certificate(*tbs, Bytes(64, 1)));
    REQUIRE(read);
    CHECK(read->tbs == *tbs);
    CHECK(read->uris == std::vector<std::string>{"spiffe://h1.example.org/agent/deploy-bot"});
    CHECK(read->other_sans == 0);
    CHECK(read->has_basic_constraints);
    CHECK_FALSE(read->is_ca);
    CHECK(read->key_usage == 0x0080);  // KU_DIGITAL_SIGNATURE
    CHECK(read->key_usage_critical);
    CHECK(read->extended_key_usage ==
          std::vector<std::string>{"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"});
    CHECK(read->spki == agent_key);
    CHECK(read->serial == "22a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2");  // top bit cleared
    CHECK(read->not_before == now - clock_skew);
    CHECK(read->not_after == now + 3600);
    CHECK(read->holdfast_claims == claims);
    CHECK(read->issuer == parse_certificate(ca_certificate())->subject);
}

TEST_CASE("svid: a CA signs certificates and nothing else", "[core][crypto]") {
    const auto read = parse_certificate(ca_certificate());
    REQUIRE(read);
    CHECK(read->is_ca);
    CHECK(read->key_usage == 0x0006);  // keyCertSign, cRLSign
    CHECK(read->key_usage_critical);
    CHECK(read->extended_key_usage.empty());
    CHECK(read->subject == read->issuer);
    CHECK(read->uris == std::vector<std::string>{"spiffe://h1.example.org"});
}

TEST_CASE("svid: a credential is for a key of any of our algorithms", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        SvidRequest request = svid_request();
        request.subject_spki = tests::SoftwareKey(algorithm).spki();
        const auto tbs = svid_tbs(request);
        REQUIRE(tbs);
        const auto read = parse_certificate(*assemble_certificate(*tbs, Bytes(64, 1)));
        REQUIRE(read);
        CHECK(read->spki == request.subject_spki);
        const auto facts = check_tbs(*tbs, host);
        REQUIRE(facts);
        CHECK(facts->subject_spki == request.subject_spki);
    }
}

TEST_CASE("svid: a credential for a key that is none of ours is refused", "[core][crypto]") {
    SvidRequest request = svid_request();
    for (const Bytes& other : {*spki_of_rsa(Bytes(512, 0xc5), 65537),
                               *spki_of_rsa(Bytes(256, 0xc5), 3), Bytes{0x30, 0x00}, Bytes{}}) {
        request.subject_spki = other;
        CHECK_FALSE(svid_tbs(request));
    }
}

TEST_CASE("svid: a host's CA has a P-256 key and no other", "[core][crypto]") {
    for (const KeyAlgorithm algorithm : key_algorithms) {
        INFO(to_string(algorithm));
        CaRequest request = ca_request();
        request.spki = tests::SoftwareKey(algorithm).spki();
        CHECK(ca_tbs(request).has_value() == (algorithm == KeyAlgorithm::es256));
    }
}

TEST_CASE("svid: the keys worker accepts what the profile builds, and learns what is in it",
          "[core][crypto]") {
    const auto facts = check_tbs(*svid_tbs(svid_request()), host);
    REQUIRE(facts);
    CHECK(facts->spiffe_id == "spiffe://h1.example.org/agent/deploy-bot");
    CHECK(facts->subject_spki == agent_key);
    CHECK_FALSE(facts->is_ca);
    CHECK(facts->not_before == now - clock_skew);
    CHECK(facts->not_after == now + 3600);
    CHECK(facts->issuer_key_id == *key_identifier(ca_key));
    CHECK(facts->claims == claims);
    const auto ca = check_tbs(*ca_tbs(ca_request()), host);
    REQUIRE(ca);
    CHECK(ca->is_ca);
    CHECK(ca->subject_spki == ca_key);
}

TEST_CASE("svid: another trust domain is refused", "[core][crypto]") {
    for (const char* other :
         {"h2.example.org", "example.org", "x.h1.example.org", ".example.org", ""}) {
        CHECK_FALSE(check_tbs(*svid_tbs(svid_request()), other));
        CHECK_FALSE(check_tbs(*ca_tbs(ca_request()), other));
    }
}

TEST_CASE("svid: any deviation from the profile is refused", "[core][crypto]") {
    const Bytes tbs = *svid_tbs(svid_request());
    const Change changes[] = {
        {"version 2", "a003020102", "a003020101"},
        {"signed with SHA-384", "06082a8648ce3d040302", "06082a8648ce3d040303"},
        {"issuer's common name", "0c07686f7374204341", "0c07686f7374204342"},
        {"subject's common name", "0c0a6465706c6f792d626f74", "0c0a6465706c6f792d626f75"},
        {"subject as PrintableString", "0c0a6465706c6f792d626f74", "130a6465706c6f792d626f74"},
        {"keyCertSign", "0603551d0f0101ff040403020780", "0603551d0f0101ff040403020186"},
        {"key usage not critical", "0603551d0f0101ff", "0603551d0f010100"},
        {"codeSigning", "06082b06010505070302", "06082b06010505070303"},
        {"clientAuth twice", "06082b06010505070301", "06082b06010505070302"},
        {"a DNS name", "86287370696666653a", "82287370696666653a"},
        {"another path", "2f6167656e742f", "2f6f776e65722f"},
        {"an unknown critical extension", "0603551d130101ff", "0603551d630101ff"},
        {"an unknown extension for the EKU", "0603551d25", "0603551d63"},
        {"two key usages", "0603551d130101ff04023000", "0603551d0f0101ff04023000"},
    };
    for (const Change& change : changes) {
        INFO(change.what);
        const auto facts = check_tbs(with(tbs, *from_hex(change.from), *from_hex(change.to)), host);
        REQUIRE_FALSE(facts);
    }
}

TEST_CASE("svid: key identifiers and claims cannot be bent", "[core][crypto]") {
    const Bytes tbs = *svid_tbs(svid_request());
    for (const Bytes& key : {ca_key, agent_key}) {
        const Bytes id = *key_identifier(key);
        Bytes other = id;
        other.back() ^= 1;
        // In the tree of extensions, not in the issuer's name, where it stands as text.
        CHECK_FALSE(check_tbs(with(tbs, id, other), host));
    }
    const Bytes oid = der::oid(claims_oid);
    Bytes other = oid;
    other.back() ^= 1;
    CHECK_FALSE(check_tbs(with(tbs, oid, other), host));
}

TEST_CASE("svid: nothing may follow or be missing", "[core][crypto]") {
    Bytes tbs = *svid_tbs(svid_request());
    CHECK_FALSE(check_tbs(ByteView(tbs).first(tbs.size() - 1), host));
    tbs.push_back(0);
    CHECK_FALSE(check_tbs(tbs, host));
    CHECK_FALSE(check_tbs({}, host));
    CHECK_FALSE(check_tbs(Bytes(9000, 0x30), host));
}

TEST_CASE("svid: lifetimes are bounded when built and when checked", "[core][crypto]") {
    SvidRequest request = svid_request();
    request.not_after = now + max_svid_lifetime;
    CHECK(check_tbs(*svid_tbs(request), host));
    request.not_after += 1;
    CHECK_FALSE(svid_tbs(request));
    request.not_after = request.not_before;
    CHECK_FALSE(svid_tbs(request));
    CaRequest ca = ca_request();
    CHECK(ca_tbs(ca));
    ca.not_after += 1;
    CHECK_FALSE(ca_tbs(ca));
    // 2027-01-15T09:00:00Z becomes the 17th: well-formed, but two days long.
    const Bytes longer =
        with(*svid_tbs(svid_request()), view_of("270115090000Z"), view_of("270117090000Z"));
    CHECK(check_tbs(longer, host).error().text().find("lives longer") != std::string::npos);
}

TEST_CASE("svid: a credential does not outlive its CA", "[core][crypto]") {
    SvidRequest request = svid_request();
    request.not_before = now + max_ca_lifetime - 3600;
    request.not_after = now + max_ca_lifetime;
    CHECK(svid_tbs(request));
    request.not_after += 1;
    CHECK_FALSE(svid_tbs(request));
    request = svid_request();
    request.not_before -= 1;
    CHECK_FALSE(svid_tbs(request));
}

TEST_CASE("svid: what cannot be in a credential cannot be asked for", "[core][crypto]") {
    SvidRequest request = svid_request();
    request.serial = Bytes(16, 0);
    CHECK_FALSE(svid_tbs(request));
    request.serial = Bytes(15, 1);
    CHECK_FALSE(svid_tbs(request));
    request = svid_request();
    request.claims = std::string(4096, 'x');
    CHECK(svid_tbs(request));
    request.claims += 'x';
    CHECK_FALSE(svid_tbs(request));
    request.claims.clear();
    CHECK_FALSE(svid_tbs(request));
    request = svid_request();
    request.spiffe_id = "spiffe://h1.example.org/owner/deploy-bot";
    CHECK_FALSE(svid_tbs(request));
    request = svid_request();
    request.ca_certificate = *assemble_certificate(*svid_tbs(request), Bytes(64, 1));
    CHECK_FALSE(svid_tbs(request));
}

TEST_CASE("svid: from 2050 on times are written with four digits", "[core][crypto]") {
    CaRequest ca = ca_request();
    ca.not_before = 2524607999;  // 2049-12-31T23:59:59Z
    ca.not_after = 2524608000;
    const auto read = parse_certificate(*assemble_certificate(*ca_tbs(ca), Bytes(64, 1)));
    REQUIRE(read);
    CHECK(read->not_before == ca.not_before);
    CHECK(read->not_after == ca.not_after);
    CHECK(check_tbs(*ca_tbs(ca), host));
}
