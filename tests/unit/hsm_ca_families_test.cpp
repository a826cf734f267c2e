#include "core/crypto/crl.h"
#include "core/crypto/svid.h"
#include "core/encode/tombstone.h"
#include "hsm/ca_families.h"
#include "tests/support/catch.h"
#include "tests/support/family_bench.h"

using namespace holdfast;
using namespace holdfast::hsm;
using namespace holdfast::tests;

namespace {

const KeyDescription ca_key = key_of(Purpose::certificate, "", second_spki);
const KeyDescription ledger_key = key_of(Purpose::checkpoint, "", second_spki);

Bytes ca_certificate(const Bytes& spki, const std::string& trust_domain = domain) {
    return *crypto::assemble_certificate(*crypto::ca_tbs({.trust_domain = trust_domain,
                                                          .spki = spki,
                                                          .serial = Bytes(16, 1),
                                                          .not_before = now - crypto::clock_skew,
                                                          .not_after = now + 3600}),
                                         Bytes(64, 1));
}

Bytes list_of(const Bytes& spki, std::int64_t from, std::int64_t until, std::uint64_t number = 1) {
    return *crypto::crl_tbs(
        {.ca_certificate = ca_certificate(spki),
         .number = number,
         .this_update = from,
         .next_update = until,
         .revoked = {{Bytes(16, 7), now, crypto::RevocationReason::privilege_withdrawn}}});
}

// Of a key that is nobody's any more, unless told otherwise.
encode::Tombstone tombstone_of(const std::string& agent, const Bytes& spki) {
    return {.agent = "spiffe://" + std::string(domain) + "/agent/" + agent,
            .state = "revoked",
            .spki = spki,
            .key_thumbprint = *crypto::jwk_thumbprint(spki),
            .fuse = encode::FuseWord::blown,
            .by = "login:1000",
            .reason = "",
            .sequence = 4,
            .since = now,
            .time = now};
}

struct Header {
    std::string typ = std::string(encode::tombstone_typ);
    std::string alg = "ES256";
    Bytes kid_of = second_spki;
    std::vector<Bytes> x5c = {ca_certificate(second_spki)};
};

std::string input_of(const encode::Tombstone& tombstone, const Header& header = {}) {
    return encode::signing_input({.alg = header.alg,
                                  .typ = header.typ,
                                  .kid = *crypto::jwk_thumbprint(header.kid_of),
                                  .x5c = header.x5c},
                                 encode::to_json(tombstone));
}

}  // namespace

TEST_CASE("families: the CA key signs its revocation lists", "[hsm][families][crl]") {
    const Bytes list = list_of(second_spki, now - crypto::clock_skew, now + 3600);
    const auto said = check_family(ca_key, list, rules());
    INFO((said ? "" : said.error().text()));
    CHECK(said);
    CHECK_FALSE(may_sign(bot_key, list));
    CHECK_FALSE(may_sign(ledger_key, list));
}

TEST_CASE("families: a revocation list of another CA, for later or of before is refused",
          "[hsm][families][crl]") {
    CHECK_FALSE(may_sign(ca_key, list_of(first_spki, now - 60, now + 3600)));
    CHECK(may_sign(ca_key, list_of(second_spki, now, now + 1)));
    CHECK_FALSE(may_sign(ca_key, list_of(second_spki, now + 1, now + 3600)));
    CHECK_FALSE(may_sign(ca_key, list_of(second_spki, now - 60, now)));
    Bytes longer = list_of(second_spki, now - 60, now + 3600);
    longer.push_back(0);
    CHECK_FALSE(may_sign(ca_key, longer));
}

TEST_CASE("families: the CA key signs a tombstone of this host's agent", "[hsm][families][crl]") {
    const auto gone = tombstone_of("bot", second_spki);
    const auto said = check_family(ca_key, view_of(input_of(gone)), rules());
    INFO((said ? "" : said.error().text()));
    CHECK(said);
    CHECK_FALSE(may_sign(bot_key, input_of(gone)));
    CHECK_FALSE(may_sign(ledger_key, input_of(gone)));
}

TEST_CASE("families: no tombstone says that a live key is blown", "[hsm][families][crl]") {
    auto live = tombstone_of("bot", first_spki);
    CHECK_FALSE(may_sign(ca_key, input_of(live)));
    // Not yet: that is no lie.
    live.fuse = encode::FuseWord::pending;
    CHECK(may_sign(ca_key, input_of(live)));
    // Nor under another agent's name: verifiers go by the key.
    CHECK_FALSE(may_sign(ca_key, input_of(tombstone_of("other", first_spki))));
}

TEST_CASE("families: no tombstone says blown while nobody knows whether the key is live",
          "[hsm][families][crl]") {
    auto unsure = rules();
    unsure.is_live_key = [](ByteView) -> Result<bool> {
        return Error(Code::unavailable, "the chip is away");
    };
    const auto gone = input_of(tombstone_of("bot", second_spki));
    const auto said = check_family(ca_key, view_of(gone), unsure);
    REQUIRE_FALSE(said);
    CHECK(said.error().code() == Code::unavailable);
}

TEST_CASE("families: a tombstone is of now, and the end it tells of before it",
          "[hsm][families][crl]") {
    auto said = tombstone_of("bot", second_spki);
    said.since = said.time = now - crypto::clock_skew;
    CHECK(may_sign(ca_key, input_of(said)));
    said.since = said.time = now - crypto::clock_skew - 1;
    CHECK_FALSE(may_sign(ca_key, input_of(said)));
    said.time = now - 5;
    said.since = now - 4;
    CHECK_FALSE(may_sign(ca_key, input_of(said)));
}

TEST_CASE("families: no list has a number that none could come after", "[hsm][families][crl]") {
    CHECK(may_sign(ca_key, list_of(second_spki, now, now + 1, max_crl_number(now))));
    CHECK_FALSE(may_sign(ca_key, list_of(second_spki, now, now + 1, max_crl_number(now) + 1)));
}

TEST_CASE("families: a tombstone that is not all of this CA's is refused", "[hsm][families][crl]") {
    const auto gone = tombstone_of("bot", second_spki);
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.typ = "holdfast-action+jwt"})));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.typ = "JWT"})));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.alg = "ES384"})));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.kid_of = first_spki})));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.x5c = {}})));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.x5c = {ca_certificate(first_spki)}})));
    const std::vector<Bytes> twice(2, ca_certificate(second_spki));
    CHECK_FALSE(may_sign(ca_key, input_of(gone, {.x5c = twice})));
    auto elsewhere = gone;
    elsewhere.agent = "spiffe://h2.example.org/agent/bot";
    CHECK_FALSE(may_sign(ca_key, input_of(elsewhere)));
    auto other_key = gone;
    other_key.key_thumbprint = *crypto::jwk_thumbprint(first_spki);
    CHECK_FALSE(may_sign(ca_key, input_of(other_key)));
    auto later = gone;
    later.time = now + 1;
    CHECK_FALSE(may_sign(ca_key, input_of(later)));
    CHECK_FALSE(may_sign(ca_key, std::string("e")));
    CHECK_FALSE(may_sign(ca_key, std::string()));
}

TEST_CASE("families: an action is no tombstone", "[hsm][families][crl]") {
    CHECK_FALSE(may_sign(ca_key, action_input("bot", second_spki, "holdfast-action+jwt")));
    CHECK_FALSE(may_sign(ca_key, action_input("bot", second_spki, "holdfast-tombstone+jwt")));
}
