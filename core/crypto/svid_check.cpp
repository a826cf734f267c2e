// check_tbs: what the keys worker asks before the CA key signs.
#include <algorithm>

#include "core/crypto/certificate.h"
#include "core/crypto/openssl.h"
#include "core/crypto/svid.h"
#include "core/crypto/svid_profile.h"
#include "holdfast/agent_id.h"

namespace holdfast::crypto {
namespace {

constexpr std::size_t max_tbs = 8UL * 1024;

Error refused(std::string_view why) {
    return {Code::denied, "certificate profile: " + std::string(why)};
}

Result<Bytes> serial_bytes(const X509* x509) {
    const Openssl<BIGNUM, ::BN_free> number(
        ::ASN1_INTEGER_to_BN(::X509_get0_serialNumber(x509), nullptr));
    Bytes serial(serial_size);
    constexpr int size = static_cast<int>(serial_size);
    const bool fits = number != nullptr && ::BN_is_negative(number.get()) == 0 &&
                      ::BN_bn2binpad(number.get(), serial.data(), size) == size;
    ::ERR_clear_error();
    if (!fits) return refused("serial number");
    return serial;
}

Result<Bytes> issuer_key_id(X509* x509) {
    const ASN1_OCTET_STRING* id = ::X509_get0_authority_key_id(x509);
    if (id == nullptr) return refused("no authority key identifier");
    return bytes_of(
        {::ASN1_STRING_get0_data(id), static_cast<std::size_t>(::ASN1_STRING_length(id))});
}

// Built again from what was read. Whatever the profile does not know (another extension, order,
// encoding, name) cannot come out the same.
Done check_same(const Result<Bytes>& again, ByteView tbs) {
    if (!again) return refused(again.error().text());
    if (!std::equal(again->begin(), again->end(), tbs.begin(), tbs.end()))
        return refused("has parts that do not belong there");
    return done();
}

Result<SvidFacts> check_ca(const Certificate& read, const Frame& frame, ByteView tbs,
                           const std::string& trust_domain) {
    HOLDFAST_CHECK(check_same(ca_tbs_of({trust_domain, read.spki}, frame), tbs));
    HOLDFAST_TRY(key_id, key_identifier(read.spki));
    return SvidFacts{read.uris.at(0), read.spki,         true, frame.not_before,
                     frame.not_after, std::move(key_id), {}};
}

Result<SvidFacts> check_svid(const Certificate& read, const Frame& frame, ByteView tbs,
                             const std::string& trust_domain, Bytes ca_key_id) {
    if (read.uris.size() != 1) return refused("must have one URI");
    HOLDFAST_TRY(id, parse_agent_id(read.uris.front()));
    if (id.trust_domain != trust_domain) return refused("another trust domain");
    const SvidProfile profile{read.uris.front(), read.spki, ca_key_id, read.holdfast_claims};
    HOLDFAST_CHECK(check_same(svid_tbs_of(profile, frame), tbs));
    return SvidFacts{read.uris.front(),   read.spki,       false,
                     frame.not_before,    frame.not_after, std::move(ca_key_id),
                     read.holdfast_claims};
}

}  // namespace

Result<SvidFacts> check_tbs(ByteView tbs, const std::string& trust_domain) {
    HOLDFAST_CHECK(check_trust_domain(trust_domain));
    if (tbs.size() > max_tbs) return refused("too long");
    // Readers want a whole certificate; what stands in for the signature is never looked at.
    const Bytes no_signature(64, 1);
    HOLDFAST_TRY(der, assemble_certificate(tbs, no_signature));
    HOLDFAST_TRY(x509, x509_of(der));
    HOLDFAST_TRY(read, parse_certificate(der));
    HOLDFAST_TRY(serial, serial_bytes(x509.get()));
    const Frame frame{std::move(serial), read.not_before, read.not_after};
    if (read.is_ca) return check_ca(read, frame, tbs, trust_domain);
    HOLDFAST_TRY(ca_key_id, issuer_key_id(x509.get()));
    return check_svid(read, frame, tbs, trust_domain, std::move(ca_key_id));
}

}  // namespace holdfast::crypto
