// Template: the attributes an object is made with or looked for by, with their values.
#ifndef HOLDFAST_HSM_PKCS11_ATTRIBUTES_H
#define HOLDFAST_HSM_PKCS11_ATTRIBUTES_H

#include <p11-kit/pkcs11.h>

#include <string_view>
#include <utility>
#include <vector>

#include "holdfast/bytes.h"

namespace holdfast::hsm::pkcs11 {

class Template {
  public:
    Template& number(CK_ATTRIBUTE_TYPE type, CK_ULONG value);
    Template& flag(CK_ATTRIBUTE_TYPE type, bool value);
    Template& bytes(CK_ATTRIBUTE_TYPE type, ByteView value);
    Template& text(CK_ATTRIBUTE_TYPE type, std::string_view value);

    // As the C functions want it; good until the template changes or goes.
    CK_ATTRIBUTE* raw();
    CK_ULONG size() const noexcept { return values_.size(); }

  private:
    std::vector<std::pair<CK_ATTRIBUTE_TYPE, Bytes>> values_;
    std::vector<CK_ATTRIBUTE> raw_;
};

// Everything with this CKA_ID, or its private or public half (CKO_PRIVATE_KEY, CKO_PUBLIC_KEY).
Template with_id(ByteView cka_id);
Template half_with_id(CK_OBJECT_CLASS half, ByteView cka_id);

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_ATTRIBUTES_H
