#include "hsm/pkcs11/attributes.h"

#include <algorithm>

namespace holdfast::hsm::pkcs11 {

Template& Template::number(CK_ATTRIBUTE_TYPE type, CK_ULONG value) {
    const auto* const raw = reinterpret_cast<const std::uint8_t*>(&value);
    return bytes(type, {raw, sizeof value});
}

Template& Template::flag(CK_ATTRIBUTE_TYPE type, bool value) {
    const CK_BBOOL raw = value ? CK_TRUE : CK_FALSE;
    return bytes(type, {&raw, sizeof raw});
}

Template& Template::bytes(CK_ATTRIBUTE_TYPE type, ByteView value) {
    values_.emplace_back(type, bytes_of(value));
    return *this;
}

Template& Template::text(CK_ATTRIBUTE_TYPE type, std::string_view value) {
    return bytes(type, view_of(value));
}

CK_ATTRIBUTE* Template::raw() {
    raw_.clear();
    for (auto& [type, value] : values_)
        raw_.push_back(CK_ATTRIBUTE{type, value.data(), value.size()});
    return raw_.data();
}

Template with_id(ByteView cka_id) {
    return Template().bytes(CKA_ID, cka_id);
}

Template half_with_id(CK_OBJECT_CLASS half, ByteView cka_id) {
    return Template().number(CKA_CLASS, half).bytes(CKA_ID, cka_id);
}

}  // namespace holdfast::hsm::pkcs11
