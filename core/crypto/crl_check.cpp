// check_crl_tbs: what the keys worker asks before the CA key signs a revocation list.
#include <algorithm>
#include <ctime>
#include <optional>

#include "core/crypto/crl.h"
#include "core/crypto/crl_profile.h"
#include "core/crypto/der.h"
#include "core/crypto/svid_profile.h"

namespace holdfast::crypto {
namespace {

Error refused(std::string_view why) {
    ::ERR_clear_error();
    return {Code::denied, "revocation list: " + std::string(why)};
}

Result<std::int64_t> seconds_of(const ASN1_TIME* time) {
    std::tm utc{};
    if (time == nullptr || ::ASN1_TIME_to_tm(time, &utc) != 1) return refused("a date");
    return static_cast<std::int64_t>(::timegm(&utc));
}

Result<Bytes> serial_in(const X509_REVOKED* entry) {
    const Openssl<BIGNUM, ::BN_free> number(
        ::ASN1_INTEGER_to_BN(::X509_REVOKED_get0_serialNumber(entry), nullptr));
    Bytes serial(serial_size);
    constexpr int size = static_cast<int>(serial_size);
    const bool fits = number != nullptr && ::BN_is_negative(number.get()) == 0 &&
                      ::BN_bn2binpad(number.get(), serial.data(), size) == size;
    if (!fits) return refused("a serial number");
    return serial;
}

Result<RevocationReason> reason_in(const X509_REVOKED* entry) {
    const Openssl<ASN1_ENUMERATED, ::ASN1_ENUMERATED_free> code(static_cast<ASN1_ENUMERATED*>(
        ::X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    const long number = code == nullptr ? -1 : ::ASN1_ENUMERATED_get(code.get());
    for (const RevocationReason reason :
         {RevocationReason::cessation_of_operation, RevocationReason::certificate_hold,
          RevocationReason::privilege_withdrawn})
        if (number == static_cast<long>(reason)) return reason;
    return refused("a reason that is none of ours");
}

Result<RevokedCertificate> entry_in(const X509_REVOKED* entry) {
    HOLDFAST_TRY(serial, serial_in(entry));
    HOLDFAST_TRY(since, seconds_of(::X509_REVOKED_get0_revocationDate(entry)));
    HOLDFAST_TRY(reason, reason_in(entry));
    return RevokedCertificate{std::move(serial), since, reason};
}

Result<std::uint64_t> number_in(X509_CRL* list) {
    const Openssl<ASN1_INTEGER, ::ASN1_INTEGER_free> found(
        static_cast<ASN1_INTEGER*>(::X509_CRL_get_ext_d2i(list, NID_crl_number, nullptr, nullptr)));
    std::uint64_t number = 0;
    if (found == nullptr || ::ASN1_INTEGER_get_uint64(&number, found.get()) != 1)
        return refused("no number");
    return number;
}

Result<Bytes> issuer_key_id(X509_CRL* list) {
    const Openssl<AUTHORITY_KEYID, ::AUTHORITY_KEYID_free> found(static_cast<AUTHORITY_KEYID*>(
        ::X509_CRL_get_ext_d2i(list, NID_authority_key_identifier, nullptr, nullptr)));
    if (found == nullptr || found->keyid == nullptr) return refused("no authority key identifier");
    return bytes_of({::ASN1_STRING_get0_data(found->keyid),
                     static_cast<std::size_t>(::ASN1_STRING_length(found->keyid))});
}

Result<std::vector<RevokedCertificate>> entries_in(X509_CRL* list) {
    std::vector<RevokedCertificate> entries;
    STACK_OF(X509_REVOKED)* revoked = ::X509_CRL_get_REVOKED(list);
    const int count = revoked == nullptr ? 0 : sk_X509_REVOKED_num(revoked);
    if (count > static_cast<int>(max_crl_entries)) return refused("too many entries");
    for (int i = 0; i < count; ++i) {
        HOLDFAST_TRY(entry, entry_in(sk_X509_REVOKED_value(revoked, i)));
        entries.push_back(std::move(entry));
    }
    return entries;
}

}  // namespace

Result<CrlObject> crl_of(ByteView der) {
    const unsigned char* at = der.data();
    CrlObject list(::d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    if (list == nullptr) return openssl_error(Code::invalid, "revocation list: cannot be read");
    if (at != der.data() + der.size())
        return Error(Code::invalid, "revocation list: trailing bytes");
    return list;
}

bool is_crl_tbs(ByteView tbs) {
    // SEQUENCE, its length in one to three bytes, then version: INTEGER here, [0] in a certificate
    // of version 3 (RFC 5280 §4.1, §5.1).
    if (tbs.size() < 2 || tbs[0] != der::sequence) return false;
    const std::size_t length_bytes = tbs[1] < 0x80 ? 0 : tbs[1] & 0x7fU;
    const std::size_t first = 2 + length_bytes;
    return length_bytes <= 2 && first < tbs.size() && tbs[first] == der::integer;
}

// Built again from what was read: what the profile does not know cannot come out the same.
Result<CrlFacts> check_crl_tbs(ByteView tbs) {
    if (tbs.size() > max_crl_tbs) return refused("too long");
    // Readers want a whole list; what stands in for the signature is never looked at.
    const Bytes no_signature(64, 1);
    const auto whole = assemble_crl(tbs, no_signature);
    if (!whole) return refused(whole.error().text());
    HOLDFAST_TRY(list, crl_of(*whole));
    CrlFacts facts;
    HOLDFAST_TRY(key_id, issuer_key_id(list.get()));
    HOLDFAST_TRY(number, number_in(list.get()));
    HOLDFAST_TRY(this_update, seconds_of(::X509_CRL_get0_lastUpdate(list.get())));
    HOLDFAST_TRY(next_update, seconds_of(::X509_CRL_get0_nextUpdate(list.get())));
    HOLDFAST_TRY(revoked, entries_in(list.get()));
    facts.issuer_key_id = std::move(key_id);
    facts.number = number;
    facts.this_update = this_update;
    facts.next_update = next_update;
    facts.revoked = std::move(revoked);
    const auto again = crl_tbs_of(facts);
    if (!again) return refused(again.error().text());
    if (!std::equal(again->begin(), again->end(), tbs.begin(), tbs.end()))
        return refused("has parts that do not belong there");
    return facts;
}

}  // namespace holdfast::crypto
