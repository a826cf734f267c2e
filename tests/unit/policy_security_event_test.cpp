// Security event tokens: what is believed, and every way not to be.
#include "policy/security_event.h"
#include "policy/seen_events.h"
#include "tests/support/catch.h"
#include "tests/support/event_token.h"

using namespace holdfast;
using namespace holdfast::policy;
using namespace holdfast::tests;
using encode::Json;

namespace {

constexpr std::int64_t now = 1'700'000'000;

struct Idp {
    SoftwareKey key;
    EventIssuer issuer{"https://idp.example", "https://host.test", {{"k1", "", key.spki()}}};

    std::string said(const std::string& token) const {
        const auto event = verify_security_event(token, issuer, now);
        return event ? "believed" : event.error().reason();
    }
    std::string said(const EventToken& token) const { return said(token.signed_by(key)); }
};

std::string with(Json::Object EventToken::* part, const char* name, Json value) {
    Idp idp;
    EventToken token(now);
    (token.*part)[name] = std::move(value);
    return idp.said(token);
}
std::string with_claim(const char* name, Json value) {
    return with(&EventToken::claims, name, std::move(value));
}
std::string with_header(const char* name, Json value) {
    return with(&EventToken::header, name, std::move(value));
}
std::string without(Json::Object EventToken::* part, const char* name) {
    Idp idp;
    EventToken token(now);
    (token.*part).erase(name);
    return idp.said(token);
}

}  // namespace

TEST_CASE("security event: what an issuer signed is read", "[policy][security-event]") {
    const Idp idp;
    const auto event = verify_security_event(EventToken(now).signed_by(idp.key), idp.issuer, now);
    REQUIRE(event);
    CHECK(event->id == "jti-1");
    CHECK(event->issued == now);
    CHECK(event->event == "session-revoked");
    CHECK(event->format == "uri");
    CHECK(event->subject == "spiffe://host.test/agent/deploy-bot");
    CHECK(without(&EventToken::header, "kid") == "believed");
}

TEST_CASE("security event: by each algorithm, with a key for it", "[policy][security-event]") {
    for (const auto algorithm : {KeyAlgorithm::es256, KeyAlgorithm::ed25519,
                                 KeyAlgorithm::rs256_2048, KeyAlgorithm::rs256_3072}) {
        Idp idp;
        idp.key = SoftwareKey(algorithm);
        idp.issuer.keys = {{"k1", "", idp.key.spki()}};
        EventToken token(now);
        token.header["alg"] = std::string(jws_alg(algorithm));
        CHECK(idp.said(token) == "believed");
        // Of the same key, but another algorithm than it is pinned for.
        idp.issuer.keys.front().alg = "ES384";
        CHECK(idp.said(token) == "set_key");
    }
}

TEST_CASE("security event: nobody's signature, HMAC and other algorithms are refused by name",
          "[policy][security-event]") {
    CHECK(with_header("alg", "none") == "set_alg_none");
    for (const char* alg : {"HS256", "ES384", "PS256", "RS512", "None", "NONE", ""})
        CHECK(with_header("alg", alg) == "set_alg");
    CHECK(with_header("alg", 7) == "set_malformed");
    const Idp idp;
    EventToken token(now);
    token.header["alg"] = "none";
    CHECK(idp.said(token.input() + ".") == "set_alg_none");
    // An EC key where the token speaks of RSA, and the other way round.
    token.header["alg"] = "RS256";
    CHECK(idp.said(token) == "set_key");
    token.header["alg"] = "EdDSA";
    CHECK(idp.said(token) == "set_key");
}

TEST_CASE("security event: a token made for something else is refused",
          "[policy][security-event]") {
    for (const char* type :
         {"JWT", "at+jwt", "application/secevent+jwt", "holdfast-action+jwt", ""})
        CHECK(with_header("typ", type) == "set_type");
    CHECK(without(&EventToken::header, "typ") == "set_type");
    CHECK(with_header("crit", Json::Array{"exp"}) == "set_crit");
    CHECK(with_header("crit", Json::Array{}) == "set_crit");
}

TEST_CASE("security event: only pinned keys count", "[policy][security-event]") {
    const Idp idp;
    const SoftwareKey other;
    CHECK(idp.said(EventToken(now).signed_by(other)) == "set_signature");
    CHECK(with_header("kid", "k2") == "set_key");
    CHECK(with_header("kid", 7) == "set_malformed");
    EventToken token(now);
    token.header["jwk"] = jwk_of(other, "k1");
    CHECK(idp.said(token.signed_by(other)) == "set_signature");
    // Two keys of one issuer: either.
    Idp two;
    two.issuer.keys.push_back({"", "", other.spki()});
    token = EventToken(now);
    token.header.erase("kid");
    CHECK(two.said(token.signed_by(other)) == "believed");
    CHECK(two.said(token.signed_by(two.key)) == "believed");
    two.issuer.keys.clear();
    CHECK(two.said(token.signed_by(other)) == "set_key");
}

TEST_CASE("security event: no bit of it may differ", "[policy][security-event]") {
    const Idp idp;
    const std::string good = EventToken(now).signed_by(idp.key);
    REQUIRE(idp.said(good) == "believed");
    std::size_t believed = 0;
    for (std::size_t i = 0; i < good.size(); i += 7) {
        std::string bent = good;
        bent[i] = bent[i] == 'A' ? 'B' : 'A';
        believed += idp.said(bent) == "believed" ? 1U : 0U;
    }
    CHECK(believed == 0);
    for (const std::string& bent :
         {good + ".", good + "A", good + " ", "." + good, good.substr(0, good.rfind('.')),
          good.substr(0, good.rfind('.') + 1), std::string(), std::string("..")})
        CHECK(idp.said(bent) != "believed");
}

TEST_CASE("security event: sixteen KiB and not a byte more", "[policy][security-event]") {
    const Idp idp;
    EventToken token(now);
    std::string longest;
    std::string too_long;
    for (std::size_t pad = 11'500; too_long.empty(); ++pad) {
        token.claims["pad"] = std::string(pad, 'x');
        const std::string made = token.signed_by(idp.key);
        (made.size() <= max_security_event ? longest : too_long) = made;
    }
    CHECK(too_long.size() - longest.size() <= 2);
    CHECK(idp.said(longest) == "believed");
    CHECK(idp.said(too_long) == "set_malformed");
}

TEST_CASE("security event: of another issuer, or for another audience",
          "[policy][security-event]") {
    CHECK(with_claim("iss", "https://evil.example") == "set_issuer");
    CHECK(with_claim("iss", "https://idp.example/") == "set_issuer");
    CHECK(with_claim("aud", "https://other.test") == "set_audience");
    CHECK(with_claim("aud", Json::Array{"https://other.test"}) == "set_audience");
    CHECK(with_claim("aud", Json::Array{}) == "set_audience");
    CHECK(with_claim("aud", Json::Array{"https://other.test", "https://host.test"}) == "believed");
    for (const char* claim : {"iss", "aud", "iat", "jti", "events"})
        CHECK(without(&EventToken::claims, claim) == "set_malformed");
}

TEST_CASE("security event: of this week, by a clock that may be a minute fast",
          "[policy][security-event]") {
    CHECK(with_claim("iat", now + max_event_ahead) == "believed");
    CHECK(with_claim("iat", now + max_event_ahead + 1) == "set_time");
    CHECK(with_claim("iat", now - max_event_age) == "believed");
    CHECK(with_claim("iat", now - max_event_age - 1) == "set_time");
    CHECK(with_claim("iat", encode::max_json_integer) == "set_time");
    CHECK(with_claim("iat", -encode::max_json_integer) == "set_time");
    CHECK(with_claim("iat", "1700000000") == "set_malformed");
    CHECK(with_claim("jti", std::string(max_event_id, 'j')) == "believed");
    CHECK(with_claim("jti", std::string(max_event_id + 1, 'j')) == "set_malformed");
    CHECK(with_claim("jti", "a\nb") == "set_malformed");
    CHECK(with_claim("jti", "") == "set_malformed");
}

TEST_CASE("security event: one of two events, among others it may be", "[policy][security-event]") {
    const auto events = [](const char* uri, Json payload) {
        return Json::Object{{uri, std::move(payload)}};
    };
    CHECK(with_claim("events", events(account_disabled, Json::Object{})) == "believed");
    auto both = events(session_revoked, Json::Object{});
    both["https://example.org/other"] = 7;
    CHECK(with_claim("events", both) == "believed");
    CHECK(with_claim("events", events("https://schemas.openid.net/secevent/risc/event-type/"
                                      "account-enabled",
                                      Json::Object{})) == "set_event");
    CHECK(with_claim("events", Json::Object{}) == "set_event");
    CHECK(with_claim("events", events(session_revoked, true)) == "set_malformed");
    CHECK(with_claim("events", Json::Array{session_revoked}) == "set_malformed");
}

TEST_CASE("security event: a subject is a URI, an opaque id or an email address",
          "[policy][security-event]") {
    const auto subject = [](const char* format, const char* member) {
        return with_claim("sub_id",
                          Json::Object{{"format", format}, {member, "finance@example.org"}});
    };
    CHECK(subject("opaque", "id") == "believed");
    CHECK(subject("email", "email") == "believed");
    CHECK(subject("uri", "uri") == "believed");
    CHECK(subject("iss_sub", "sub") == "set_subject");
    CHECK(subject("aliases", "identifiers") == "set_subject");
    CHECK(subject("email", "id") == "set_malformed");
    CHECK(without(&EventToken::claims, "sub_id") == "set_subject");
    CHECK(with_claim("sub_id", "spiffe://host.test/agent/deploy-bot") == "set_subject");
    const auto of_size = [](std::size_t size) {
        return with_claim("sub_id", subject_uri(std::string(size, 'u')));
    };
    CHECK(of_size(max_event_subject) == "believed");
    CHECK(of_size(max_event_subject + 1) == "set_malformed");
}

TEST_CASE("security event: JSON with a name twice is refused", "[policy][security-event]") {
    const Idp idp;
    const EventToken token(now);
    std::string claims = encode::canonical(token.claims);
    claims.insert(1, R"("iss":"https://evil.example",)");
    const std::string input = encode::base64url(view_of(encode::canonical(token.header))) + "." +
                              encode::base64url(view_of(claims));
    CHECK(idp.said(input + "." + encode::base64url(idp.key.sign(view_of(input)))) ==
          "set_malformed");
}

TEST_CASE("seen events: each once, also when some had to be forgotten",
          "[policy][security-event]") {
    SeenEvents seen;
    CHECK(seen.check("i", "a", 100));
    seen.take("i", "a", 100);
    CHECK(seen.check("i", "a", 100).error().reason() == "set_replayed");
    CHECK(seen.check("i", "a", 101).error().reason() == "set_replayed");
    CHECK(seen.check("other", "a", 100));
    for (std::size_t i = 1; i < max_seen_events; ++i)
        seen.take("i", std::to_string(i), 200);
    CHECK(seen.size() == max_seen_events);
    CHECK(seen.check("i", "b", 100));
    seen.take("i", "one-more", 300);
    CHECK(seen.size() == max_seen_events);
    // The oldest went; what is no younger cannot be told from it.
    CHECK(seen.check("i", "a", 100).error().reason() == "set_time");
    CHECK(seen.check("i", "b", 100).error().reason() == "set_time");
    CHECK(seen.check("i", "b", 101));
}
