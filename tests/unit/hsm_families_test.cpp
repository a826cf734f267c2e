#include "core/crypto/svid.h"
#include "tests/support/catch.h"
#include "tests/support/family_bench.h"

using namespace holdfast;
using namespace holdfast::hsm;
using namespace holdfast::tests;

namespace {

const KeyDescription ca_key = key_of(Purpose::certificate, "", second_spki);
const KeyDescription ledger_key = key_of(Purpose::checkpoint, "", second_spki);
const KeyDescription ak = key_of(Purpose::attest, "", second_spki);

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
