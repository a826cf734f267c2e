#include "tests/support/ek_certificate.h"

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <stdexcept>

namespace holdfast::tests {
namespace {

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

struct FreeX509 {
    void operator()(X509* certificate) const noexcept { ::X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const noexcept { ::X509_EXTENSION_free(extension); }
    void operator()(EVP_PKEY* key) const noexcept { ::EVP_PKEY_free(key); }
    void operator()(GENERAL_NAMES* names) const noexcept { ::GENERAL_NAMES_free(names); }
    void operator()(ASN1_OBJECT* object) const noexcept { ::ASN1_OBJECT_free(object); }
};
template <class T>
using Own = std::unique_ptr<T, FreeX509>;

Bytes der_of(X509* certificate) {
    const int size = ::i2d_X509(certificate, nullptr);
    must(size > 0, "i2d_X509");
    Bytes der(static_cast<std::size_t>(size));
    unsigned char* at = der.data();
    ::i2d_X509(certificate, &at);
    return der;
}

void add_text(X509_NAME* name, const char* oid, const std::string& value) {
    const Own<ASN1_OBJECT> object(::OBJ_txt2obj(oid, 1));
    must(::X509_NAME_add_entry_by_OBJ(name, object.get(), MBSTRING_UTF8,
                                      reinterpret_cast<const unsigned char*>(value.data()),
                                      static_cast<int>(value.size()), -1, 0) == 1,
         "X509_NAME_add_entry_by_OBJ");
}

void add_extension(X509* certificate, int nid, const std::string& value) {
    const Own<X509_EXTENSION> extension(
        ::X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
    must(extension && ::X509_add_ext(certificate, extension.get(), -1) == 1, "X509_add_ext");
}

// Critical and a directoryName, as TPM vendors write it (TCG EK Credential Profile, 3.1.2).
void add_chip(X509* certificate, const std::string& manufacturer) {
    X509_NAME* directory = ::X509_NAME_new();  // becomes the GENERAL_NAME's
    add_text(directory, "2.23.133.2.1", manufacturer);
    add_text(directory, "2.23.133.2.2", "test chip");
    const Own<GENERAL_NAMES> names(::GENERAL_NAMES_new());
    GENERAL_NAME* name = ::GENERAL_NAME_new();
    ::GENERAL_NAME_set0_value(name, GEN_DIRNAME, directory);
    must(sk_GENERAL_NAME_push(names.get(), name) > 0, "sk_GENERAL_NAME_push");
    must(::X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 1, 0) == 1,
         "X509_add1_ext_i2d");
}

Own<X509> new_certificate(std::int64_t not_before, std::int64_t not_after, long serial) {
    Own<X509> certificate(::X509_new());
    must(certificate && ::X509_set_version(certificate.get(), 2) == 1, "X509_set_version");
    ::ASN1_INTEGER_set(::X509_get_serialNumber(certificate.get()), serial);
    ::ASN1_TIME_set(::X509_getm_notBefore(certificate.get()), not_before);
    ::ASN1_TIME_set(::X509_getm_notAfter(certificate.get()), not_after);
    return certificate;
}

Bytes signed_by(const SoftwareKey& key, X509* certificate) {
    must(::X509_sign(certificate, key.raw(), ::EVP_sha256()) > 0, "X509_sign");
    return der_of(certificate);
}

}  // namespace

Bytes vendor_root(const SoftwareKey& key, std::int64_t not_before, std::int64_t not_after) {
    const Own<X509> certificate = new_certificate(not_before, not_after, 1);
    add_text(::X509_get_subject_name(certificate.get()), "2.5.4.3", "Test TPM Vendor Root");
    ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(certificate.get()));
    ::X509_set_pubkey(certificate.get(), key.raw());
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate.get(), NID_key_usage, "critical,keyCertSign");
    return signed_by(key, certificate.get());
}

Bytes ek_certificate(const SoftwareKey& vendor, ByteView vendor_root_der, ByteView ek_spki,
                     const EkCertificate& wanted) {
    const Own<X509> certificate = new_certificate(wanted.not_before, wanted.not_after, 2);
    const unsigned char* at = vendor_root_der.data();
    const Own<X509> root(::d2i_X509(nullptr, &at, static_cast<long>(vendor_root_der.size())));
    ::X509_set_issuer_name(certificate.get(), ::X509_get_subject_name(root.get()));
    const unsigned char* key_at = ek_spki.data();
    const Own<EVP_PKEY> key(::d2i_PUBKEY(nullptr, &key_at, static_cast<long>(ek_spki.size())));
    ::X509_set_pubkey(certificate.get(), key.get());
    add_extension(certificate.get(), NID_basic_constraints, "critical,CA:FALSE");
    add_extension(certificate.get(), NID_ext_key_usage, wanted.usage);
    add_chip(certificate.get(), wanted.manufacturer);
    return signed_by(vendor, certificate.get());
}

}  // namespace holdfast::tests
