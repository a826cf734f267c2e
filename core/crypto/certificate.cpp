#include "core/crypto/certificate.h"

#include <algorithm>
#include <array>
#include <ctime>

#include "core/crypto/openssl.h"
#include "core/crypto/recent.h"
#include "core/crypto/svid.h"

namespace holdfast::crypto {
namespace {

using GeneralNames = Openssl<GENERAL_NAMES, ::GENERAL_NAMES_free>;
using KeyUsages = Openssl<EXTENDED_KEY_USAGE, ::EXTENDED_KEY_USAGE_free>;
using BasicConstraints = Openssl<BASIC_CONSTRAINTS, ::BASIC_CONSTRAINTS_free>;
using Utf8 = Openssl<ASN1_UTF8STRING, ::ASN1_UTF8STRING_free>;

constexpr int absent = -1;  // X509_get_ext_d2i's "no such extension"

Error unreadable(std::string_view what) {
    return openssl_error(Code::invalid, "certificate: " + std::string(what));
}

// Null when the certificate has no such extension; an error when it has two, or one that is broken.
template <class Owner>
Result<Owner> extension(const X509* x509, int nid, std::string_view what) {
    int critical = 0;
    Owner found(
        static_cast<typename Owner::pointer>(::X509_get_ext_d2i(x509, nid, &critical, nullptr)));
    if (found == nullptr && critical != absent) return unreadable(what);
    return found;
}

std::string text_in(const ASN1_STRING* string) {
    return std::string(text_of(
        {::ASN1_STRING_get0_data(string), static_cast<std::size_t>(::ASN1_STRING_length(string))}));
}

// The bytes that were signed, as they stand there: encoding the parsed form again could differ.
Result<Bytes> tbs_in(ByteView der) {
    const unsigned char* at = der.data();
    const unsigned char* end = der.data() + der.size();
    long size = 0;
    int tag = 0;
    int tag_class = 0;
    const int outer = ::ASN1_get_object(&at, &size, &tag, &tag_class, end - at);
    const unsigned char* start = at;
    const bool sequence = outer == V_ASN1_CONSTRUCTED && tag == V_ASN1_SEQUENCE;
    // Any other answer than V_ASN1_CONSTRUCTED is an error or an indefinite length.
    if (!sequence ||
        ::ASN1_get_object(&at, &size, &tag, &tag_class, end - at) != V_ASN1_CONSTRUCTED)
        return unreadable("TBSCertificate");
    return Bytes(start, at + size);
}

Result<std::string> serial_of(const X509* x509) {
    const Openssl<BIGNUM, ::BN_free> number(
        ::ASN1_INTEGER_to_BN(::X509_get0_serialNumber(x509), nullptr));
    if (number == nullptr) return unreadable("serial number");
    const auto free_text = [](char* text) { ::OPENSSL_free(text); };
    const std::unique_ptr<char, decltype(free_text)> text(::BN_bn2hex(number.get()), free_text);
    if (text == nullptr) return unreadable("serial number");
    std::string hex(text.get());
    std::transform(hex.begin(), hex.end(), hex.begin(),
                   [](char c) { return c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c; });
    return hex;
}

Result<std::int64_t> seconds_of(const ASN1_TIME* time) {
    std::tm utc{};
    if (::ASN1_TIME_to_tm(time, &utc) != 1) return unreadable("validity");
    return static_cast<std::int64_t>(::timegm(&utc));
}

Done read_names(const X509* x509, Certificate& certificate) {
    HOLDFAST_TRY(names, extension<GeneralNames>(x509, NID_subject_alt_name, "subjectAltName"));
    const int count = names == nullptr ? 0 : sk_GENERAL_NAME_num(names.get());
    for (int i = 0; i < count; ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_URI) {
            certificate.uris.push_back(text_in(name->d.uniformResourceIdentifier));
        } else {
            ++certificate.other_sans;
        }
    }
    return done();
}

Done read_usages(X509* x509, Certificate& certificate) {
    HOLDFAST_TRY(basic,
                 extension<BasicConstraints>(x509, NID_basic_constraints, "basicConstraints"));
    certificate.has_basic_constraints = basic != nullptr;
    certificate.is_ca = basic != nullptr && basic->ca != 0;
    certificate.key_usage = ::X509_get_key_usage(x509);
    const int at = ::X509_get_ext_by_NID(x509, NID_key_usage, -1);
    certificate.key_usage_critical =
        at >= 0 && ::X509_EXTENSION_get_critical(::X509_get_ext(x509, at)) == 1;
    HOLDFAST_TRY(usages, extension<KeyUsages>(x509, NID_ext_key_usage, "extendedKeyUsage"));
    const int count = usages == nullptr ? 0 : sk_ASN1_OBJECT_num(usages.get());
    for (int i = 0; i < count; ++i) {
        std::array<char, 128> dotted{};
        const int size = ::OBJ_obj2txt(dotted.data(), static_cast<int>(dotted.size()),
                                       sk_ASN1_OBJECT_value(usages.get(), i), 1);
        if (size <= 0 || static_cast<std::size_t>(size) >= dotted.size())
            return unreadable("extendedKeyUsage");
        certificate.extended_key_usage.emplace_back(dotted.data());
    }
    return done();
}

// Our own extension: one UTF8String, no trailing bytes, at most once.
Done read_claims(const X509* x509, Certificate& certificate) {
    const Openssl<ASN1_OBJECT, ::ASN1_OBJECT_free> oid(::OBJ_txt2obj(claims_oid, 1));
    const int at = ::X509_get_ext_by_OBJ(x509, oid.get(), -1);
    if (at < 0) return done();
    if (::X509_get_ext_by_OBJ(x509, oid.get(), at) >= 0)
        return Error(Code::invalid, "certificate: claims twice");
    const ASN1_OCTET_STRING* value = ::X509_EXTENSION_get_data(::X509_get_ext(x509, at));
    const unsigned char* byte = ::ASN1_STRING_get0_data(value);
    const unsigned char* end = byte + ::ASN1_STRING_length(value);
    const Utf8 text(::d2i_ASN1_UTF8STRING(nullptr, &byte, end - byte));
    if (text == nullptr || byte != end) return unreadable("claims");
    certificate.holdfast_claims = text_in(text.get());
    return done();
}

}  // namespace

Result<X509Object> x509_of(ByteView der) {
    const unsigned char* at = der.data();
    X509Object x509(::d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (x509 == nullptr) return unreadable("cannot be read");
    if (at != der.data() + der.size()) return Error(Code::invalid, "certificate: trailing bytes");
    return x509;
}

namespace {

Result<Certificate> read_certificate(ByteView der) {
    HOLDFAST_TRY(x509, x509_of(der));
    Certificate certificate;
    certificate.der = bytes_of(der);
    HOLDFAST_TRY(tbs, tbs_in(der));
    certificate.tbs = std::move(tbs);
    certificate.spki = der_of(::X509_get_X509_PUBKEY(x509.get()), ::i2d_X509_PUBKEY);
    certificate.subject = der_of(::X509_get_subject_name(x509.get()), ::i2d_X509_NAME);
    certificate.issuer = der_of(::X509_get_issuer_name(x509.get()), ::i2d_X509_NAME);
    HOLDFAST_TRY(serial, serial_of(x509.get()));
    HOLDFAST_TRY(not_before, seconds_of(::X509_get0_notBefore(x509.get())));
    HOLDFAST_TRY(not_after, seconds_of(::X509_get0_notAfter(x509.get())));
    certificate.serial = std::move(serial);
    certificate.not_before = not_before;
    certificate.not_after = not_after;
    HOLDFAST_CHECK(read_names(x509.get(), certificate));
    HOLDFAST_CHECK(read_usages(x509.get(), certificate));
    HOLDFAST_CHECK(read_claims(x509.get(), certificate));
    return certificate;
}

}  // namespace

Result<Certificate> parse_certificate(ByteView der) {
    thread_local Recent<Certificate> recent;
    return recent.read(der, read_certificate);
}

Done check_self_signed(ByteView der) {
    const unsigned char* at = der.data();
    const Openssl<X509, ::X509_free> x509(::d2i_X509(nullptr, &at, static_cast<long>(der.size())));
    if (x509 == nullptr) return unreadable("not DER");
    EVP_PKEY* const own = ::X509_get0_pubkey(x509.get());
    if (own == nullptr || ::X509_verify(x509.get(), own) != 1)
        return openssl_error(Code::denied, "certificate: not signed by its own key");
    return done();
}

}  // namespace holdfast::crypto
