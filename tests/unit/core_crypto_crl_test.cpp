#include <algorithm>
#include <tuple>

#include "core/crypto/crl.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::crypto;
using encode::from_hex;

namespace {

constexpr std::int64_t now = 1'800'000'000;
constexpr const char* host = "h1.example.org";

// The base point of P-256, standing for the CA's key.
const Bytes ca_key =
    *spki_of_p256({*from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
                   *from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")});

Bytes ca_certificate() {
    const CaRequest request{host, ca_key, Bytes(16, 0x11), now - clock_skew, now + 86'400};
    return *assemble_certificate(*ca_tbs(request), Bytes(64, 1));
}

Bytes serial(std::uint8_t first, std::uint8_t second = 0) {
    Bytes bytes(16, 0x22);
    bytes[0] = first;
    bytes[1] = second;
    return bytes;
}

CrlRequest request_with(std::vector<RevokedCertificate> revoked) {
    return {ca_certificate(), 7, now - clock_skew, now + 3600, std::move(revoked)};
}

std::vector<RevokedCertificate> three() {
    return {{serial(0x70), now - 10, RevocationReason::certificate_hold},
            {serial(0x00, 0x01), now - 20, RevocationReason::privilege_withdrawn},
            {serial(0x10), now - 30, RevocationReason::cessation_of_operation}};
}

auto all_of(const CrlFacts& facts) {
    return std::tie(facts.issuer_key_id, facts.number, facts.this_update, facts.next_update,
                    facts.revoked);
}

Bytes replaced(Bytes tbs, const Bytes& from, const Bytes& to) {
    REQUIRE(from.size() == to.size());
    const auto at = std::search(tbs.begin(), tbs.end(), from.begin(), from.end());
    REQUIRE(at != tbs.end());
    std::copy(to.begin(), to.end(), at);
    return tbs;
}

}  // namespace

TEST_CASE("crl: what was asked for is what is read, by serial number", "[core][crypto][crl]") {
    const auto tbs = crl_tbs(request_with(three()));
    REQUIRE(tbs);
    const auto facts = check_crl_tbs(*tbs);
    REQUIRE(facts);
    CHECK(facts->issuer_key_id == *key_identifier(ca_key));
    CHECK(facts->number == 7);
    CHECK(facts->this_update == now - clock_skew);
    CHECK(facts->next_update == now + 3600);
    auto sorted = three();
    std::ranges::sort(sorted, {}, &RevokedCertificate::serial);
    CHECK(facts->revoked == sorted);
    CHECK(facts->revoked.front().reason == RevocationReason::privilege_withdrawn);
}

TEST_CASE("crl: nothing revoked is a list, too", "[core][crypto][crl]") {
    const auto tbs = crl_tbs(request_with({}));
    REQUIRE(tbs);
    const auto facts = check_crl_tbs(*tbs);
    REQUIRE(facts);
    CHECK(facts->revoked.empty());
}

TEST_CASE("crl: only a CA of ours has one", "[core][crypto][crl]") {
    CrlRequest request = request_with({});
    const SvidRequest svid{"spiffe://h1.example.org/agent/bot",
                           ca_key,
                           ca_certificate(),
                           Bytes(16, 0x31),
                           now - clock_skew,
                           now + 3600,
                           "{}"};
    request.ca_certificate = *assemble_certificate(*svid_tbs(svid), Bytes(64, 1));
    CHECK_FALSE(crl_tbs(request));
    request.ca_certificate = {};
    CHECK_FALSE(crl_tbs(request));
}

TEST_CASE("crl: it lives a day at most, and not backwards", "[core][crypto][crl]") {
    CrlRequest request = request_with({});
    request.this_update = now;
    request.next_update = now + max_crl_lifetime + clock_skew;
    CHECK(crl_tbs(request));
    ++request.next_update;
    CHECK_FALSE(crl_tbs(request));
    request.next_update = now;
    CHECK_FALSE(crl_tbs(request));
    request.next_update = now + 1;
    CHECK(crl_tbs(request));
    request.this_update = -1;
    CHECK_FALSE(crl_tbs(request));
}

TEST_CASE("crl: a serial number stands in it once, positive and whole", "[core][crypto][crl]") {
    auto revoked = three();
    revoked.push_back(revoked.front());
    CHECK_FALSE(crl_tbs(request_with(revoked)));
    revoked = {{serial(0x80), now, RevocationReason::certificate_hold}};
    CHECK_FALSE(crl_tbs(request_with(revoked)));
    revoked = {{Bytes(15, 1), now, RevocationReason::certificate_hold}};
    CHECK_FALSE(crl_tbs(request_with(revoked)));
    revoked = {{Bytes(16, 0), now, RevocationReason::certificate_hold}};
    CHECK_FALSE(crl_tbs(request_with(revoked)));
    revoked = {{serial(1), -1, RevocationReason::certificate_hold}};
    CHECK_FALSE(crl_tbs(request_with(revoked)));
}

TEST_CASE("crl: the longest list fits into a message, one more is refused", "[core][crypto][crl]") {
    std::vector<RevokedCertificate> revoked;
    for (std::size_t i = 0; i < max_crl_entries; ++i)
        revoked.push_back(
            {serial(static_cast<std::uint8_t>(0x40 + i / 256), static_cast<std::uint8_t>(i % 256)),
             // From 2050 on dates are longer.
             std::int64_t{2'600'000'000}, RevocationReason::certificate_hold});
    CrlRequest request = request_with(revoked);
    request.number = UINT64_MAX;
    const auto tbs = crl_tbs(request);
    REQUIRE(tbs);
    CHECK(tbs->size() <= max_crl_tbs);
    const auto facts = check_crl_tbs(*tbs);
    REQUIRE(facts);
    CHECK(facts->number == UINT64_MAX);
    request.revoked.push_back({serial(0x60), now, RevocationReason::certificate_hold});
    CHECK_FALSE(crl_tbs(request));
    CHECK_FALSE(check_crl_tbs(Bytes(max_crl_tbs + 1, 0x30)));
}

TEST_CASE("crl: one byte that is not the profile's, and it is refused", "[core][crypto][crl]") {
    const Bytes tbs = *crl_tbs(request_with(three()));
    const auto said = check_crl_tbs(tbs);
    REQUIRE(said);
    for (std::size_t i = 0; i < tbs.size(); ++i) {
        INFO("byte " << i);
        Bytes changed = tbs;
        changed[i] ^= 0x01;
        const auto facts = check_crl_tbs(changed);
        // A list of the profile is its facts and nothing else: other bytes that pass say otherwise.
        if (facts)
            CHECK_FALSE(all_of(*facts) == all_of(*said));
        else
            CHECK(facts.error().code() == Code::denied);
    }
    Bytes longer = tbs;
    longer.push_back(0);
    CHECK_FALSE(check_crl_tbs(longer));
    CHECK_FALSE(check_crl_tbs(Bytes{}));
    CHECK_FALSE(check_crl_tbs(ByteView(tbs).first(tbs.size() - 1)));
}

TEST_CASE("crl: keyCompromise is no reason of ours", "[core][crypto][crl]") {
    const Bytes tbs = *crl_tbs(request_with({three().front()}));
    for (const std::uint8_t other : Bytes{0, 1, 2, 3, 4, 7, 8, 10}) {
        INFO(int{other});
        CHECK_FALSE(check_crl_tbs(replaced(tbs, {0x0a, 0x01, 0x06}, {0x0a, 0x01, other})));
    }
    CHECK(check_crl_tbs(replaced(tbs, {0x0a, 0x01, 0x06}, {0x0a, 0x01, 0x09})));
}

TEST_CASE("crl: a list and a certificate cannot be taken for each other", "[core][crypto][crl]") {
    const Bytes list = *crl_tbs(request_with(three()));
    const Bytes certificate =
        *ca_tbs({host, ca_key, Bytes(16, 0x11), now - clock_skew, now + 86'400});
    CHECK(is_crl_tbs(list));
    CHECK(is_crl_tbs(*crl_tbs(request_with({}))));
    CHECK_FALSE(is_crl_tbs(certificate));
    CHECK_FALSE(check_crl_tbs(certificate));
    CHECK_FALSE(check_tbs(list, host));
    CHECK_FALSE(is_crl_tbs({}));
    CHECK_FALSE(is_crl_tbs(Bytes{0x30}));
    CHECK_FALSE(is_crl_tbs(Bytes{0x30, 0x82, 0x01}));
    CHECK_FALSE(is_crl_tbs(Bytes{0x30, 0xff, 0x02}));
}

TEST_CASE("crl: a serial number's text may have lost its leading zeros", "[core][crypto][crl]") {
    CHECK(*serial_of_hex("01") == *from_hex("00000000000000000000000000000001"));
    CHECK(*serial_of_hex("22a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2") ==
          *from_hex("22a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"));
    for (const char* wrong : {"", "0", "00", "zz", "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2",
                              "0022a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2"}) {
        INFO(wrong);
        CHECK_FALSE(serial_of_hex(wrong));
    }
}
