#include "core/crypto/jwk.h"
#include "core/crypto/public_key.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "core/encode/statement.h"
#include "hsm/families.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::hsm;
using encode::from_hex;

namespace {

constexpr const char* domain = "h1.example.org";
constexpr std::int64_t now = 1'800'000'000;

// The base point of P-256 and its double: two keys nobody has to make.
const Bytes first_spki = *crypto::spki_of_p256(
    {*from_hex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"),
     *from_hex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5")});
const Bytes second_spki = *crypto::spki_of_p256(
    {*from_hex("7cf27b188d034f7e8a52380304b51ac3c08969e277f21b35a60b48fc47669978"),
     *from_hex("07775510db8ed040293d9ac69f7430dbba7dade63ce982299e04b79d227873d1")});

KeyDescription key_of(Purpose purpose, std::string agent, Bytes spki) {
    KeyDescription key;
    key.purpose = purpose;
    key.agent = std::move(agent);
    key.spki = std::move(spki);
    return key;
}
const KeyDescription bot_key = key_of(Purpose::action, "bot", first_spki);
const KeyDescription ca_key = key_of(Purpose::certificate, "", second_spki);
const KeyDescription ledger_key = key_of(Purpose::checkpoint, "", second_spki);
const KeyDescription ak = key_of(Purpose::attest, "", second_spki);

FamilyRules rules() {
    return {.trust_domain = domain,
            .now = [] { return now; },
            .is_live_agent_key =
                [](std::string_view agent, ByteView spki) {
                    if (agent == "bot" && bytes_of(spki) == first_spki) return done();
                    return Done(Error(Code::denied, "no live key of that agent"));
                }};
}

Statement statement_of(const std::string& agent) {
    Statement statement;
    statement.action.action = "refund.create";
    statement.action.audience = "https://bank.example";
    statement.action.params = R"({"amount":50})";
    statement.agent = "spiffe://" + std::string(domain) + "/agent/" + agent;
    statement.instance = "i-1";
    statement.sponsor = "finance";
    statement.time = now;
    statement.sequence = 7;
    statement.decision = "permit";
    statement.rule = "agent_file:actions[0]";
    statement.custody = Custody::tpm;
    statement.fuse = FuseKind::counter;
    return statement;
}

std::string action_input(const std::string& agent, const Bytes& spki, const std::string& typ) {
    return encode::signing_input(
        {.alg = "ES256", .typ = typ, .kid = *crypto::jwk_thumbprint(spki), .x5c = {}},
        encode::to_json(statement_of(agent)));
}

KeyDescription in_token(KeyDescription key) {
    key.backend = Backend::pkcs11;
    return key;
}

encode::JwsHeader possession_header(const Bytes& spki) {
    return {.alg = "ES256",
            .typ = std::string(encode::possession_typ),
            .kid = *crypto::jwk_thumbprint(spki),
            .x5c = {}};
}

std::string possession_input(const std::string& agent, const Bytes& spki) {
    const encode::Possession said{.agent = "spiffe://" + std::string(domain) + "/agent/" + agent,
                                  .ak = {},
                                  .challenge = {},
                                  .verifier = "bank"};
    return encode::signing_input(possession_header(spki), encode::to_json(said));
}

Bytes ca_tbs(const Bytes& spki, const std::string& trust_domain) {
    return *crypto::ca_tbs({.trust_domain = trust_domain,
                            .spki = spki,
                            .serial = Bytes(16, 1),
                            .not_before = now - crypto::clock_skew,
                            .not_after = now + 3600});
}

Bytes svid_tbs(const std::string& agent, const Bytes& spki) {
    const Bytes ca = *crypto::assemble_certificate(ca_tbs(second_spki, domain), Bytes(64, 1));
    return *crypto::svid_tbs({.spiffe_id = "spiffe://" + std::string(domain) + "/agent/" + agent,
                              .subject_spki = spki,
                              .ca_certificate = ca,
                              .serial = Bytes(16, 2),
                              .not_before = now - crypto::clock_skew,
                              .not_after = now + 3600,
                              .claims = R"({"assurance":"observed"})"});
}

bool may_sign(const KeyDescription& key, ByteView bytes) {
    return check_family(key, bytes, rules()).has_value();
}
bool may_sign(const KeyDescription& key, const std::string& text) {
    return may_sign(key, view_of(text));
}

const std::string checkpoint =
    std::string(domain) + "/ledger\n12\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n";

}  // namespace

TEST_CASE("families: an agent's key signs that agent's action statements", "[hsm][families]") {
    const auto said = check_family(
        bot_key, view_of(action_input("bot", first_spki, "holdfast-action+jwt")), rules());
    INFO((said ? "" : said.error().text()));
    CHECK(said);
}

TEST_CASE("families: an agent's key signs nothing else", "[hsm][families]") {
    CHECK_FALSE(may_sign(bot_key, action_input("other", first_spki, "holdfast-action+jwt")));
    CHECK_FALSE(may_sign(bot_key, action_input("bot", second_spki, "holdfast-action+jwt")));
    CHECK_FALSE(may_sign(bot_key, action_input("bot", first_spki, "JWT")));
    CHECK_FALSE(may_sign(bot_key, checkpoint));
    CHECK_FALSE(may_sign(bot_key, svid_tbs("bot", first_spki)));
    CHECK_FALSE(may_sign(bot_key, std::string()));
    CHECK_FALSE(may_sign(bot_key, std::string(32, 'x')));  // a digest, for one
}

TEST_CASE("families: a token's key says that it is there, for its own agent and no other",
          "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK(may_sign(token_key, possession_input("bot", first_spki)));
    CHECK(may_sign(token_key, action_input("bot", first_spki, "holdfast-action+jwt")));
    CHECK_FALSE(may_sign(token_key, possession_input("other", first_spki)));
    CHECK_FALSE(may_sign(token_key, possession_input("bot", second_spki)));
    FamilyRules elsewhere = rules();
    elsewhere.trust_domain = "h2.example.org";
    CHECK_FALSE(check_family(token_key, view_of(possession_input("bot", first_spki)), elsewhere));
}

TEST_CASE("families: a key in the TPM gives no possession in the place of its certificate",
          "[hsm][families]") {
    CHECK_FALSE(may_sign(bot_key, possession_input("bot", first_spki)));
}

TEST_CASE("families: no statement goes under the other's typ", "[hsm][families]") {
    const auto token_key = in_token(bot_key);
    CHECK_FALSE(may_sign(token_key, action_input("bot", first_spki, "holdfast-possession+jwt")));
    const auto payload = *encode::parse_jws_payload(
        encode::signing_parts(possession_input("bot", first_spki))->payload);
    encode::JwsHeader header = possession_header(first_spki);
    CHECK(may_sign(token_key, encode::signing_input(header, payload)));
    header.typ = encode::action_typ;
    CHECK_FALSE(may_sign(token_key, encode::signing_input(header, payload)));
    header.typ = "JWT";
    CHECK_FALSE(may_sign(token_key, encode::signing_input(header, payload)));
    encode::Json::Object more = *payload.object();
    more["action"] = "refund.create";
    CHECK_FALSE(may_sign(token_key,
                         encode::signing_input(possession_header(first_spki), encode::Json(more))));
}

TEST_CASE("families: another trust domain's statement is refused", "[hsm][families]") {
    FamilyRules elsewhere = rules();
    elsewhere.trust_domain = "h2.example.org";
    const std::string input = action_input("bot", first_spki, "holdfast-action+jwt");
    CHECK_FALSE(check_family(bot_key, view_of(input), elsewhere));
}

TEST_CASE("families: a certificate of another key in x5c is refused", "[hsm][families]") {
    const Bytes other = *crypto::assemble_certificate(svid_tbs("bot", second_spki), Bytes(64, 1));
    const Bytes own = *crypto::assemble_certificate(svid_tbs("bot", first_spki), Bytes(64, 1));
    for (const auto& [leaf, expected] : {std::pair(own, true), std::pair(other, false)}) {
        const std::string input = encode::signing_input({.alg = "ES256",
                                                         .typ = "holdfast-action+jwt",
                                                         .kid = *crypto::jwk_thumbprint(first_spki),
                                                         .x5c = {leaf}},
                                                        encode::to_json(statement_of("bot")));
        CHECK(may_sign(bot_key, input) == expected);
    }
}

TEST_CASE("families: a header with another algorithm than the key's is refused",
          "[hsm][families]") {
    const std::string kid = *crypto::jwk_thumbprint(first_spki);
    for (const KeyAlgorithm own : key_algorithms) {
        KeyDescription key = bot_key;
        key.algorithm = own;
        for (const KeyAlgorithm said : key_algorithms) {
            INFO(to_string(own) << " as " << to_string(said));
            const encode::JwsHeader header{
                std::string(jws_alg(said)), std::string(encode::action_typ), kid, {}};
            const std::string input =
                encode::signing_input(header, encode::to_json(statement_of("bot")));
            CHECK(may_sign(key, input) == (jws_alg(said) == jws_alg(own)));
        }
    }
}

TEST_CASE("families: the CA key signs live agent keys and itself", "[hsm][families]") {
    CHECK(may_sign(ca_key, svid_tbs("bot", first_spki)));
    CHECK(may_sign(ca_key, ca_tbs(second_spki, domain)));
    CHECK_FALSE(may_sign(ca_key, svid_tbs("bot", second_spki)));  // not that agent's key
    CHECK_FALSE(may_sign(ca_key, svid_tbs("gone", first_spki)));  // not that key's agent
    CHECK_FALSE(may_sign(ca_key, ca_tbs(first_spki, domain)));    // a CA of its own
    CHECK_FALSE(may_sign(ca_key, ca_tbs(second_spki, "h2.example.org")));
    CHECK_FALSE(may_sign(ca_key, checkpoint));
    CHECK_FALSE(may_sign(ca_key, action_input("bot", second_spki, "holdfast-action+jwt")));
}

TEST_CASE("families: no certificate for later, and none that has ended", "[hsm][families]") {
    const Bytes tbs = svid_tbs("bot", first_spki);
    const auto at = [&](std::int64_t clock) {
        FamilyRules then = rules();
        then.now = [clock] { return clock; };
        return check_family(ca_key, tbs, then).has_value();
    };
    CHECK(at(now - crypto::clock_skew));
    CHECK_FALSE(at(now - crypto::clock_skew - 1));
    CHECK(at(now + 3599));
    CHECK_FALSE(at(now + 3600));
}

TEST_CASE("families: a CA key signs under its own name only", "[hsm][families]") {
    const KeyDescription other_ca = key_of(Purpose::certificate, "", first_spki);
    CHECK_FALSE(may_sign(other_ca, svid_tbs("bot", first_spki)));
}

TEST_CASE("families: the ledger key signs this host's checkpoints only", "[hsm][families]") {
    CHECK(may_sign(ledger_key, checkpoint));
    CHECK_FALSE(may_sign(ledger_key, "h2.example.org" + checkpoint.substr(14)));
    CHECK_FALSE(may_sign(ledger_key, checkpoint + "extension\n"));
    const auto of_size = [](const std::string& size) {
        return std::string(checkpoint).replace(checkpoint.find("12"), 2, size);
    };
    CHECK(may_sign(ledger_key, of_size("0")));
    CHECK(may_sign(ledger_key, of_size("18446744073709551615")));  // 2^64 - 1
    for (const char* size : {"18446744073709551616", "", "012", "-1", "+1", "1 "})
        CHECK_FALSE(may_sign(ledger_key, of_size(size)));
    CHECK_FALSE(may_sign(ledger_key, checkpoint.substr(0, checkpoint.size() - 1)));
    for (const char* size : {"", "012", "-1", "1x", "123456789012345678901"})
        CHECK_FALSE(may_sign(ledger_key, std::string(domain) + "/ledger\n" + size +
                                             "\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"));
    CHECK_FALSE(may_sign(ledger_key, std::string(domain) + "/ledger\n1\nAAAA\n"));
    CHECK_FALSE(may_sign(ledger_key, svid_tbs("bot", first_spki)));
}

TEST_CASE("families: the attestation key signs nothing that was handed in", "[hsm][families]") {
    CHECK_FALSE(may_sign(ak, checkpoint));
    CHECK_FALSE(may_sign(ak, action_input("bot", second_spki, "holdfast-action+jwt")));
}
