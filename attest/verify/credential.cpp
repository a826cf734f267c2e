#include "attest/verify/credential.h"

#include <algorithm>

#include "attest/verify/rules.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/pem.h"
#include "holdfast/agent_id.h"
#include "holdfast/custody.h"
#include "holdfast/measurement.h"

namespace holdfast::attest {
namespace {

using crypto::Certificate;

constexpr std::uint32_t digital_signature = 0x80;  // X509v3 KeyUsage bit 0, as OpenSSL shows it
constexpr std::size_t max_claims = 4096;
constexpr std::size_t max_claim = 128;

std::vector<std::string> sorted(std::vector<std::string> values) {
    std::ranges::sort(values);
    return values;
}

Result<Claims> read_claims(const std::string& text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_claims));
    HOLDFAST_TRY(fields, encode::Fields::of(json, "claims"));
    HOLDFAST_TRY(custody, fields.text("custody", max_claim));
    HOLDFAST_TRY(where, parse_custody(custody));
    static_cast<void>(where);
    HOLDFAST_TRY(fuse, fields.text("fuse", max_claim));
    HOLDFAST_TRY(kind, parse_fuse_kind(fuse));
    static_cast<void>(kind);
    HOLDFAST_TRY(assurance, fields.text("assurance", max_claim));
    HOLDFAST_TRY(level, parse_assurance(assurance));
    static_cast<void>(level);
    HOLDFAST_TRY(measurement, fields.sha256_hex("measurement"));
    HOLDFAST_CHECK(fields.finish());
    return Claims{.custody = std::move(custody),
                  .fuse = std::move(fuse),
                  .assurance = std::move(assurance),
                  .measurement = encode::hex(measurement)};
}

void check_names(Sheet& sheet, Subject& subject, const Expectations& expected) {
    const Certificate& leaf = subject.leaf;
    const bool one = leaf.uris.size() == 1 && leaf.other_sans == 0;
    if (!sheet.check("credential.one_uri", one, "exactly one subject alternative name, a URI"))
        return;
    const auto id = parse_agent_id(leaf.uris.front());
    if (!id) {
        sheet.fail("credential.spiffe_id", id.error().text());
        return;
    }
    subject.spiffe_id = id->uri();
    sheet.check("credential.spiffe_id", true, subject.spiffe_id);
    if (expected.agent)
        sheet.check("credential.agent", subject.spiffe_id == *expected.agent,
                    "expected " + *expected.agent + ", is " + subject.spiffe_id);
}

// X.509-SVID §4: what the key may be used for.
void check_usage(Sheet& sheet, const Certificate& leaf) {
    sheet.check("credential.key_usage",
                leaf.key_usage == digital_signature && leaf.key_usage_critical,
                "critical, digitalSignature and nothing else");
    const std::vector<std::string> wanted = {"1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"};
    sheet.check("credential.extended_key_usage", sorted(leaf.extended_key_usage) == wanted,
                "serverAuth and clientAuth and nothing else");
    sheet.check("credential.not_ca", !leaf.is_ca, "basic constraints do not make it a CA");
}

void check_times(Sheet& sheet, const Certificate& leaf, std::int64_t time) {
    const std::int64_t lifetime = leaf.not_after - leaf.not_before;
    sheet.check("credential.lifetime", lifetime > 0 && lifetime <= crypto::max_svid_lifetime,
                "valid for " + std::to_string(lifetime) + " s, at most 24 h allowed");
    sheet.check("credential.current", leaf.not_before <= time && time <= leaf.not_after,
                "valid from " + std::to_string(leaf.not_before) + " to " +
                    std::to_string(leaf.not_after) + ", examined at " + std::to_string(time));
}

void check_claims(Sheet& sheet, Subject& subject) {
    auto claims = read_claims(subject.leaf.holdfast_claims);
    if (!claims) {
        sheet.fail("credential.claims", claims.error().text());
        return;
    }
    sheet.check("credential.claims", true,
                "custody " + claims->custody + ", assurance " + claims->assurance);
    subject.claims = *std::move(claims);
}

void note_claims(Appraisal& appraisal, const Subject& subject) {
    appraisal.subject = subject.spiffe_id;
    if (!subject.claims) return;
    appraisal.claims["assurance"] = subject.claims->assurance;
    appraisal.claims["measurement"] = subject.claims->measurement;
    appraisal.claims["custody_claimed"] = subject.claims->custody;
    appraisal.claims["fuse"] = subject.claims->fuse;
}

}  // namespace

std::optional<Subject> check_credential(Sheet& sheet, std::span<const Bytes> chain,
                                        std::int64_t time, const Expectations& expected) {
    if (expected.agent) sheet.require("credential.agent");
    if (!expected.agent) sheet.skip("credential.agent", "no agent was expected");
    if (chain.empty()) {
        sheet.fail("credential.parses", "there is no certificate");
        return std::nullopt;
    }
    for (const Bytes& certificate : chain) {
        const auto parsed = crypto::parse_certificate(certificate);
        if (parsed) continue;
        sheet.fail("credential.parses", parsed.error().text());
        return std::nullopt;
    }
    sheet.check("credential.parses", true, std::to_string(chain.size()) + " certificates");
    Subject subject{
        .leaf = *crypto::parse_certificate(chain.front()), .spiffe_id = {}, .claims = {}};
    if (expected.ca_roots.empty()) {
        sheet.skip("credential.chain", "no root was given");
    } else {
        sheet.check("credential.chain",
                    crypto::verify_chain(chain.front(), chain.subspan(1), expected.ca_roots,
                                         {.now = time, .ignore_unknown_critical_san = false}),
                    "chains to a given root");
    }
    check_names(sheet, subject, expected);
    check_usage(sheet, subject.leaf);
    check_times(sheet, subject.leaf, time);
    check_claims(sheet, subject);
    // A name that no accepted issuer stands behind is not established.
    if (sheet.passed("credential.chain")) note_claims(sheet.appraisal(), subject);
    return subject;
}

Result<Appraisal> verify_credential(std::string_view pem_chain, const Expectations& expected) {
    Sheet sheet({credential_rules}, expected.profile);
    const auto chain = encode::from_pem(pem_chain, "CERTIFICATE");
    if (chain) {
        static_cast<void>(check_credential(sheet, *chain, expected.now, expected));
    } else {
        sheet.fail("credential.parses", chain.error().text());
    }
    return std::move(sheet.appraisal());
}

}  // namespace holdfast::attest
