#include "core/crypto/ek_certificate.h"

#include <openssl/objects.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <limits>
#include <memory>

namespace holdfast::crypto {
namespace {

constexpr const char* manufacturer_oid = "2.23.133.2.1";
constexpr const char* model_oid = "2.23.133.2.2";

struct Free {
    void operator()(X509* certificate) const noexcept { ::X509_free(certificate); }
    void operator()(GENERAL_NAMES* names) const noexcept { ::GENERAL_NAMES_free(names); }
    void operator()(ASN1_OBJECT* object) const noexcept { ::ASN1_OBJECT_free(object); }
};

std::string text_of_attribute(const X509_NAME* name, const char* oid) {
    const std::unique_ptr<ASN1_OBJECT, Free> object(::OBJ_txt2obj(oid, 1));
    const int at = ::X509_NAME_get_index_by_OBJ(name, object.get(), -1);
    if (at < 0) return {};
    const ASN1_STRING* value = ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(name, at));
    const auto* text = reinterpret_cast<const char*>(::ASN1_STRING_get0_data(value));
    return {text, static_cast<std::size_t>(::ASN1_STRING_length(value))};
}

}  // namespace

Result<ChipIdentity> chip_identity(ByteView certificate_der) {
    if (certificate_der.size() > static_cast<std::size_t>(std::numeric_limits<long>::max()))
        return Error(Code::invalid, "EK certificate: too long");
    const unsigned char* at = certificate_der.data();
    const std::unique_ptr<X509, Free> certificate(
        ::d2i_X509(nullptr, &at, static_cast<long>(certificate_der.size())));
    if (!certificate) return Error(Code::invalid, "EK certificate: not an X.509 certificate");
    const std::unique_ptr<GENERAL_NAMES, Free> names(static_cast<GENERAL_NAMES*>(
        ::X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
    ChipIdentity chip;
    for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type != GEN_DIRNAME) continue;
        chip.manufacturer = text_of_attribute(name->d.directoryName, manufacturer_oid);
        chip.model = text_of_attribute(name->d.directoryName, model_oid);
    }
    return chip;
}

}  // namespace holdfast::crypto
