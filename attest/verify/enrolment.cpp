#include "attest/verify/enrolment.h"

#include <algorithm>

#include "attest/verify/ek.h"
#include "attest/verify/quote.h"
#include "attest/verify/rules.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/pem.h"
#include "core/tpm2/credential.h"
#include "holdfast/register.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_file = 64UL * 1024;
constexpr std::size_t max_structure = 4096;
constexpr std::size_t max_certificates = 8;
constexpr std::size_t secret_size = 32;
constexpr std::size_t max_label = 256;
constexpr const char* secret_type = "holdfast-enrolment-secret-v1";
constexpr const char* enrolment_type = "holdfast-enrolment-v1";

Result<std::vector<Bytes>> certificates_from(const Json& list) {
    std::vector<Bytes> out;
    for (const Json& entry : *list.array()) {
        if (entry.string() == nullptr || out.size() == max_certificates)
            return Error(Code::invalid, "ek_certificates: at most 8 PEM texts");
        HOLDFAST_TRY(certificates, encode::from_pem(*entry.string(), "CERTIFICATE"));
        out.insert(out.end(), certificates.begin(), certificates.end());
    }
    return out;
}

Done must_hold(const Appraisal& appraisal) {
    for (const Rule& rule : appraisal.rules) {
        if (rule.outcome != Outcome::pass)
            return Error(Code::denied, rule.id + ": " + rule.detail).because("host_not_trusted");
    }
    return done();
}

struct Secret {
    SecretBytes value;
    Bytes ek_public;
    Bytes ak_name;
};

Result<Secret> secret_from(std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_file));
    HOLDFAST_TRY(fields, Fields::of(json, "secret"));
    HOLDFAST_TRY(type, fields.text("type", max_label));
    if (type != secret_type) return Error(Code::invalid, "secret: not an enrolment secret");
    HOLDFAST_TRY(value, fields.base64url("value", secret_size));
    HOLDFAST_TRY(ek_public, fields.base64url("ek_public", max_structure));
    HOLDFAST_TRY(ak_name, fields.base64url("ak_name", max_structure));
    HOLDFAST_CHECK(fields.finish());
    if (value.size() != secret_size) return Error(Code::invalid, "secret.value: 32 bytes");
    return Secret{.value = SecretBytes(std::move(value)),
                  .ek_public = std::move(ek_public),
                  .ak_name = std::move(ak_name)};
}

}  // namespace

Result<HostKeys> host_keys_from(std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_file));
    HOLDFAST_TRY(fields, Fields::of(json, "host"));
    // Labels for people: nothing here is decided by them.
    for (const char* label : {"custody", "manufacturer", "trust_domain"}) {
        HOLDFAST_TRY(ignored, fields.text_or(label, "", max_label));
        static_cast<void>(ignored);
    }
    HOLDFAST_TRY(list, fields.array("ek_certificates"));
    HOLDFAST_TRY(certificates, certificates_from(*list));
    HOLDFAST_TRY(ek_public, fields.base64url("ek_public", max_structure));
    HOLDFAST_TRY(ak_public, fields.base64url("ak_public", max_structure));
    HOLDFAST_CHECK(fields.finish());
    return HostKeys{.ek_certificates = std::move(certificates),
                    .ek_public = std::move(ek_public),
                    .ak_public = std::move(ak_public)};
}

Result<EnrolmentChallenge> challenge_host(const HostKeys& host, const std::vector<Bytes>& ek_roots,
                                          std::int64_t now) {
    Sheet sheet({enrolment_rules}, Profile::production);
    const Expectations expected{.now = now,
                                .profile = Profile::production,
                                .ca_roots = {},
                                .ek_roots = ek_roots,
                                .nonce = {},
                                .verifier = {},
                                .audience = {},
                                .agent = {},
                                .enrolment = {},
                                .manifests = {},
                                .accept_unproven_boot = false,
                                .accept_claimed_hsm = false,
                                .anchor_pcr = default_anchor_pcr};
    check_ek(sheet, host.ek_certificates, host.ek_public, expected);
    const auto ak = check_ak(sheet, host.ak_public);
    HOLDFAST_CHECK(must_hold(sheet.appraisal()));
    if (!ak) return Error(Code::internal, "enrolment: every rule holds, yet there is no AK");
    HOLDFAST_TRY(random, crypto::random_bytes(secret_size));
    const SecretBytes value(std::move(random));
    HOLDFAST_TRY(made, tpm2::make_credential(host.ek_public, ak->key.name, value));
    const Json::Object challenge = {{"blob", encode::base64url(made.blob)},
                                    {"secret", encode::base64url(made.secret)}};
    const Json::Object secret = {{"type", secret_type},
                                 {"value", encode::base64url(value.view())},
                                 {"ek_public", encode::base64url(host.ek_public)},
                                 {"ak_name", encode::base64url(ak->key.name)}};
    return EnrolmentChallenge{.challenge = encode::canonical(Json(challenge)),
                              .secret = encode::canonical(Json(secret))};
}

Result<std::string> finish_enrolment(std::string_view secret_text, std::string_view response,
                                     std::int64_t now) {
    HOLDFAST_TRY(secret, secret_from(secret_text));
    HOLDFAST_TRY(json, encode::parse_json(response, max_file));
    HOLDFAST_TRY(fields, Fields::of(json, "response"));
    HOLDFAST_TRY(answer, fields.base64url("secret", secret_size));
    HOLDFAST_CHECK(fields.finish());
    if (!crypto::equal_in_constant_time(answer, secret.value.view()))
        return Error(Code::denied,
                     "the host did not open the credential: its AK is not on that TPM")
            .because("enrolment_failed");
    const Json::Object enrolment = {{"type", enrolment_type},
                                    {"ek_public", encode::base64url(secret.ek_public)},
                                    {"ak_name", encode::base64url(secret.ak_name)},
                                    {"time", now}};
    return encode::canonical(Json(enrolment));
}

Result<Enrolment> enrolment_from(std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_file));
    HOLDFAST_TRY(fields, Fields::of(json, "enrolment"));
    HOLDFAST_TRY(type, fields.text("type", max_label));
    if (type != enrolment_type) return Error(Code::invalid, "enrolment: not an enrolment file");
    HOLDFAST_TRY(ek_public, fields.base64url("ek_public", max_structure));
    HOLDFAST_TRY(ak_name, fields.base64url("ak_name", max_structure));
    HOLDFAST_TRY(time, fields.integer("time", 0, encode::max_json_integer));
    HOLDFAST_CHECK(fields.finish());
    return Enrolment{
        .ek_public = std::move(ek_public), .ak_name = std::move(ak_name), .time = time};
}

}  // namespace holdfast::attest
