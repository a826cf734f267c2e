#include "core/crypto/svid_profile.h"

#include <algorithm>

#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/crypto/spki.h"
#include "core/crypto/svid.h"
#include "holdfast/agent_id.h"

namespace holdfast::crypto {
namespace {

// RFC 5280 §4.2; the key purposes from §4.2.1.12.
constexpr const char* subject_key_identifier = "2.5.29.14";
constexpr const char* key_usage = "2.5.29.15";
constexpr const char* subject_alt_name = "2.5.29.17";
constexpr const char* basic_constraints = "2.5.29.19";
constexpr const char* name_constraints = "2.5.29.30";
constexpr const char* authority_key_identifier = "2.5.29.35";
constexpr const char* extended_key_usage = "2.5.29.37";
constexpr const char* server_auth = "1.3.6.1.5.5.7.3.1";
constexpr const char* client_auth = "1.3.6.1.5.5.7.3.2";
constexpr const char* organization_name = "2.5.4.10";
constexpr const char* common_name = "2.5.4.3";
constexpr const char* serial_number = "2.5.4.5";

constexpr std::uint8_t uri_name = der::context(6);  // GeneralName
constexpr std::int64_t last_time = 253402300799;    // 9999-12-31T23:59:59Z

using der::sequence;
using der::value;

Bytes name_part(const char* type, std::uint8_t string_tag, std::string_view text) {
    return value(der::set, value(sequence, {der::oid(type), value(string_tag, view_of(text))}));
}

Bytes extension(const char* oid, bool critical, ByteView content) {
    const Bytes flag = critical ? value(der::boolean, Bytes{0xff}) : Bytes{};
    return value(sequence, {der::oid(oid), flag, value(der::octet_string, content)});
}

Bytes hex_text(ByteView bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    Bytes text;
    for (const std::uint8_t byte : bytes) {
        text.push_back(static_cast<std::uint8_t>(digits[byte >> 4]));
        text.push_back(static_cast<std::uint8_t>(digits[byte & 0x0f]));
    }
    return text;
}

struct Parts {
    Bytes issuer, subject;
    ByteView spki;
    Bytes extensions;  // their DERs, one after the other
};

Bytes tbs_of(const Frame& frame, const Parts& parts) {
    const Bytes version_3 = value(der::constructed(0), value(der::integer, Bytes{2}));
    const Bytes validity =
        value(sequence, {der::time(frame.not_before), der::time(frame.not_after)});
    const Bytes extensions = value(der::constructed(3), value(sequence, parts.extensions));
    return value(sequence, {version_3, der::unsigned_integer(frame.serial), ecdsa_with_sha256(),
                            parts.issuer, validity, parts.subject, parts.spki, extensions});
}

Done check_frame(const Frame& frame, std::int64_t max_lifetime) {
    HOLDFAST_CHECK(serial_of_random(frame.serial));
    if ((frame.serial.front() & 0x80) != 0)
        return Error(Code::invalid, "certificate: serial number is negative");
    if (frame.not_before < 0 || frame.not_after <= frame.not_before || frame.not_after > last_time)
        return Error(Code::invalid, "certificate: validity is empty or out of range");
    if (frame.not_after - frame.not_before > max_lifetime + clock_skew)
        return Error(Code::invalid,
                     "certificate: lives longer than " + std::to_string(max_lifetime) + " seconds");
    return done();
}

Bytes key_ids(ByteView own, ByteView issuer) {
    Bytes both = extension(subject_key_identifier, false, value(der::octet_string, own));
    const Bytes authority =
        extension(authority_key_identifier, false, value(sequence, value(der::context(0), issuer)));
    both.insert(both.end(), authority.begin(), authority.end());
    return both;
}

Bytes joined(std::initializer_list<ByteView> parts) {
    Bytes all;
    for (const ByteView part : parts)
        all.insert(all.end(), part.begin(), part.end());
    return all;
}

Bytes svid_extensions(const SvidProfile& profile, ByteView key_id) {
    const Bytes digital_signature{0x03, 0x02, 0x07, 0x80};  // bit 0
    const Bytes purposes = value(sequence, {der::oid(server_auth), der::oid(client_auth)});
    const Bytes names = value(sequence, value(uri_name, view_of(profile.spiffe_id)));
    const Bytes claims = value(der::utf8_string, view_of(profile.claims));
    return joined({extension(basic_constraints, true, value(sequence, ByteView{})),
                   extension(key_usage, true, digital_signature),
                   extension(extended_key_usage, false, purposes),
                   extension(subject_alt_name, false, names), key_ids(key_id, profile.ca_key_id),
                   extension(claims_oid, false, claims)});
}

Bytes ca_extensions(const std::string& trust_domain, ByteView key_id) {
    const Bytes ca_without_subordinates =
        value(sequence, {value(der::boolean, Bytes{0xff}), value(der::integer, Bytes{0})});
    const Bytes cert_and_crl_sign{0x03, 0x02, 0x01, 0x06};  // bits 5 and 6
    // A URI constraint without a leading dot is one host, not a subtree (RFC 5280 §4.2.1.10).
    const Bytes permitted =
        value(der::constructed(0), value(sequence, value(uri_name, view_of(trust_domain))));
    const std::string own_id = "spiffe://" + trust_domain;  // X.509-SVID §3.1: no path for a CA
    const Bytes names = value(sequence, value(uri_name, view_of(own_id)));
    return joined({extension(basic_constraints, true, ca_without_subordinates),
                   extension(key_usage, true, cert_and_crl_sign),
                   extension(name_constraints, true, value(sequence, permitted)),
                   extension(subject_alt_name, false, names), key_ids(key_id, key_id)});
}

}  // namespace

Result<Bytes> svid_tbs_of(const SvidProfile& profile, const Frame& frame) {
    HOLDFAST_CHECK(check_frame(frame, max_svid_lifetime));
    HOLDFAST_TRY(id, parse_agent_id(profile.spiffe_id));
    HOLDFAST_TRY(key_id, key_identifier(profile.spki));
    if (profile.ca_key_id.size() != key_id.size())
        return Error(Code::invalid, "certificate: issuer key identifier of the wrong size");
    if (profile.claims.empty() || profile.claims.size() > max_claims)
        return Error(Code::invalid, "certificate: claims are missing or too long");
    const Bytes subject = value(sequence, name_part(common_name, der::utf8_string, id.name));
    return tbs_of(frame, {ca_name(profile.ca_key_id), subject, profile.spki,
                          svid_extensions(profile, key_id)});
}

Result<Bytes> ca_tbs_of(const CaProfile& profile, const Frame& frame) {
    HOLDFAST_CHECK(check_frame(frame, max_ca_lifetime));
    HOLDFAST_CHECK(check_trust_domain(profile.trust_domain));
    HOLDFAST_CHECK(check_key_of(KeyAlgorithm::es256, profile.spki));
    HOLDFAST_TRY(key_id, key_identifier(profile.spki));
    return tbs_of(frame, {ca_name(key_id), ca_name(key_id), profile.spki,
                          ca_extensions(profile.trust_domain, key_id)});
}

Result<Bytes> key_identifier(ByteView spki) {
    constexpr std::size_t size = 20;
    HOLDFAST_TRY(key, read_spki(spki));
    const Sha256 digest = sha256(key.bits);
    return bytes_of(ByteView(digest).first(size));
}

Bytes ca_name(ByteView key_id) {
    const Bytes hex = hex_text(key_id);
    return value(sequence, {name_part(organization_name, der::utf8_string, "Holdfast"),
                            name_part(common_name, der::utf8_string, "host CA"),
                            name_part(serial_number, der::printable_string, text_of(hex))});
}

Result<Bytes> serial_of_random(ByteView random) {
    if (random.size() != serial_size)
        return Error(Code::invalid, "certificate: serial number must have 16 bytes");
    Bytes serial = bytes_of(random);
    serial.front() &= 0x7f;
    if (std::all_of(serial.begin(), serial.end(), [](std::uint8_t b) { return b == 0; }))
        return Error(Code::invalid, "certificate: serial number is zero");
    return serial;
}

Bytes ecdsa_with_sha256() {
    return value(sequence, der::oid("1.2.840.10045.4.3.2"));
}

}  // namespace holdfast::crypto
