#include "core/crypto/crl.h"

#include <algorithm>
#include <utility>

#include "core/crypto/certificate.h"
#include "core/crypto/crl_profile.h"
#include "core/crypto/der.h"
#include "core/crypto/signature.h"
#include "core/crypto/svid.h"
#include "core/crypto/svid_profile.h"
#include "core/encode/base64.h"

namespace holdfast::crypto {
namespace {

// RFC 5280 §5.2.1, §5.2.3, §5.3.1.
constexpr const char* authority_key_identifier = "2.5.29.35";
constexpr const char* crl_number = "2.5.29.20";
constexpr const char* reason_code = "2.5.29.21";

constexpr std::size_t key_id_size = 20;
constexpr std::int64_t last_time = 253402300799;  // 9999-12-31T23:59:59Z

using der::sequence;
using der::value;

Error wrong(std::string what) {
    return {Code::invalid, "revocation list: " + std::move(what)};
}

// None of the profile's extensions is critical.
Bytes extension(const char* oid, ByteView content) {
    return value(sequence, {der::oid(oid), value(der::octet_string, content)});
}

Bytes big_endian(std::uint64_t number) {
    Bytes bytes(sizeof number);
    for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, number >>= 8)
        *at = static_cast<std::uint8_t>(number);
    return bytes;
}

Bytes entry_of(const RevokedCertificate& revoked) {
    const std::uint8_t code = static_cast<std::uint8_t>(revoked.reason);
    const Bytes reason = extension(reason_code, value(der::enumerated, ByteView(&code, 1)));
    return value(sequence, {der::unsigned_integer(revoked.serial), der::time(revoked.since),
                            value(sequence, reason)});
}

Done check_entries(const std::vector<RevokedCertificate>& revoked) {
    if (revoked.size() > max_crl_entries)
        return wrong("more than " + std::to_string(max_crl_entries) + " certificates");
    for (std::size_t i = 0; i < revoked.size(); ++i) {
        HOLDFAST_TRY(serial, serial_of_random(revoked[i].serial));
        if (serial != revoked[i].serial) return wrong("a serial number is negative");
        if (i > 0 && revoked[i - 1].serial >= serial) return wrong("a serial number twice");
        if (revoked[i].since < 0 || revoked[i].since > last_time)
            return wrong("a date out of range");
    }
    return done();
}

Done check_life(const CrlFacts& facts) {
    if (facts.this_update < 0 || facts.next_update <= facts.this_update ||
        facts.next_update > last_time)
        return wrong("its life is empty or out of range");
    if (facts.next_update - facts.this_update > max_crl_lifetime + clock_skew)
        return wrong("lives longer than " + std::to_string(max_crl_lifetime) + " seconds");
    return done();
}

// An empty list of certificates is left out (RFC 5280 §5.1.2.6).
Bytes entries_of(const std::vector<RevokedCertificate>& revoked) {
    Bytes entries;
    for (const RevokedCertificate& each : revoked) {
        const Bytes entry = entry_of(each);
        entries.insert(entries.end(), entry.begin(), entry.end());
    }
    return entries.empty() ? entries : value(sequence, entries);
}

}  // namespace

Result<Bytes> crl_tbs_of(const CrlFacts& facts) {
    HOLDFAST_CHECK(check_life(facts));
    HOLDFAST_CHECK(check_entries(facts.revoked));
    if (facts.issuer_key_id.size() != key_id_size)
        return wrong("issuer key identifier of the wrong size");
    const Bytes version_2 = value(der::integer, Bytes{1});
    const Bytes authority = extension(authority_key_identifier,
                                      value(sequence, value(der::context(0), facts.issuer_key_id)));
    const Bytes number = extension(crl_number, der::unsigned_integer(big_endian(facts.number)));
    const Bytes extensions = value(der::constructed(0), value(sequence, {authority, number}));
    return value(sequence, {version_2, ecdsa_with_sha256(), ca_name(facts.issuer_key_id),
                            der::time(facts.this_update), der::time(facts.next_update),
                            entries_of(facts.revoked), extensions});
}

Result<Bytes> serial_of_hex(std::string_view hex) {
    std::string padded(hex.size() < 2 * serial_size ? 2 * serial_size - hex.size() : 0, '0');
    padded += hex;
    HOLDFAST_TRY(bytes, encode::from_hex(padded));
    HOLDFAST_TRY(serial, serial_of_random(bytes));
    if (serial != bytes) return wrong("a serial number is negative");
    return serial;
}

Result<Bytes> crl_tbs(const CrlRequest& request) {
    HOLDFAST_TRY(ca, parse_certificate(request.ca_certificate));
    HOLDFAST_TRY(ca_key_id, key_identifier(ca.spki));
    if (!ca.is_ca || ca.subject != ca_name(ca_key_id)) return wrong("its issuer is no CA of ours");
    CrlFacts facts{std::move(ca_key_id), request.number, request.this_update, request.next_update,
                   request.revoked};
    std::ranges::sort(facts.revoked, {}, &RevokedCertificate::serial);
    return crl_tbs_of(facts);
}

Result<Bytes> assemble_crl(ByteView tbs, ByteView raw_signature) {
    HOLDFAST_TRY(signature, der_of_raw(raw_signature));
    Bytes list = der::value(der::sequence, {tbs, ecdsa_with_sha256(), der::bits(signature)});
    HOLDFAST_CHECK(crl_of(list));
    return list;
}

}  // namespace holdfast::crypto
