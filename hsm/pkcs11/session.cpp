#include "hsm/pkcs11/session.h"

#include <utility>

#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::hsm::pkcs11 {
namespace {

Error lost(const char* what) {
    return Error(Code::unavailable, what, Retry::later).because(token_lost);
}

// C functions take what they only read through pointers without const.
CK_BYTE* unconst(ByteView bytes) noexcept {
    return const_cast<CK_BYTE*>(bytes.data());  // NOLINT(*-pro-type-const-cast)
}

}  // namespace

Result<Session> Session::open(const Module& module, CK_SLOT_ID slot) {
    CK_SESSION_HANDLE session = 0;
    HOLDFAST_CHECK(check("C_OpenSession",
                         module.calls().C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION,
                                                      nullptr, nullptr, &session)));
    return Session(module, slot, session);
}

Session::Session(Session&& other) noexcept
    : module_(std::exchange(other.module_, nullptr)),
      slot_(other.slot_),
      session_(other.session_),
      is_logged_in_(other.is_logged_in_) {}

Session::~Session() {
    if (module_ != nullptr) (void)calls().C_CloseSession(session_);
}

Done Session::log_in(ByteView pin) {
    const CK_RV code = calls().C_Login(session_, CKU_USER, unconst(pin), pin.size());
    if (code != CKR_USER_ALREADY_LOGGED_IN) HOLDFAST_CHECK(check("C_Login", code));
    is_logged_in_ = true;
    return done();
}

Done Session::check_alive() const {
    CK_SESSION_INFO info{};
    const CK_RV code = calls().C_GetSessionInfo(session_, &info);
    HOLDFAST_CHECK(check("C_GetSessionInfo", code));
    if (is_logged_in_ && info.state != CKS_RW_USER_FUNCTIONS)
        return lost("the token ended the login by itself");
    return done();
}

Result<std::vector<CK_OBJECT_HANDLE>> Session::find(Template wanted, std::size_t at_most) const {
    std::vector<CK_OBJECT_HANDLE> found(at_most);
    CK_ULONG count = 0;
    HOLDFAST_CHECK(check("C_FindObjectsInit",
                         calls().C_FindObjectsInit(session_, wanted.raw(), wanted.size())));
    const CK_RV code = calls().C_FindObjects(session_, found.data(), found.size(), &count);
    const CK_RV finished = calls().C_FindObjectsFinal(session_);
    HOLDFAST_CHECK(check("C_FindObjects", code));
    HOLDFAST_CHECK(check("C_FindObjectsFinal", finished));
    found.resize(std::min<std::size_t>(count, at_most));
    return found;
}

Result<std::optional<Bytes>> Session::read(CK_OBJECT_HANDLE object,
                                           CK_ATTRIBUTE_TYPE attribute) const {
    Bytes value(max_attribute);
    CK_ATTRIBUTE asked{attribute, value.data(), value.size()};
    const CK_RV code = calls().C_GetAttributeValue(session_, object, &asked, 1);
    if (code == CKR_ATTRIBUTE_TYPE_INVALID || code == CKR_ATTRIBUTE_SENSITIVE)
        return std::optional<Bytes>();
    HOLDFAST_CHECK(check("C_GetAttributeValue", code));
    if (asked.ulValueLen > value.size()) return std::optional<Bytes>();  // also "not available"
    value.resize(asked.ulValueLen);
    return std::optional<Bytes>(std::move(value));
}

Result<std::optional<bool>> Session::read_flag(CK_OBJECT_HANDLE object,
                                               CK_ATTRIBUTE_TYPE attribute) const {
    HOLDFAST_TRY(value, read(object, attribute));
    if (!value || value->size() != sizeof(CK_BBOOL)) return std::optional<bool>();
    if (value->front() == CK_TRUE) return std::optional<bool>(true);
    if (value->front() == CK_FALSE) return std::optional<bool>(false);
    return std::optional<bool>();
}

Result<KeyPair> Session::generate(CK_MECHANISM_TYPE mechanism, Template public_half,
                                  Template private_half) {
    CK_MECHANISM how{mechanism, nullptr, 0};
    KeyPair made;
    HOLDFAST_CHECK(
        check("C_GenerateKeyPair",
              calls().C_GenerateKeyPair(session_, &how, public_half.raw(), public_half.size(),
                                        private_half.raw(), private_half.size(), &made.public_key,
                                        &made.private_key)));
    return made;
}

Done Session::destroy(CK_OBJECT_HANDLE object) {
    const CK_RV code = calls().C_DestroyObject(session_, object);
    return check("C_DestroyObject", code);
}

Result<Bytes> Session::sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, ByteView input,
                            std::size_t size) {
    // Modules take a null pointer for a mistake, also where the message is empty.
    static constexpr std::uint8_t nothing = 0;
    if (input.empty()) input = ByteView(&nothing, 0);
    HOLDFAST_CHECK(check("C_SignInit", calls().C_SignInit(session_, &mechanism, key)));
    Bytes signature(size);
    CK_ULONG length = signature.size();
    HOLDFAST_CHECK(check("C_Sign", calls().C_Sign(session_, unconst(input), input.size(),
                                                  signature.data(), &length)));
    if (length != size)
        return Error(Code::unavailable, "C_Sign: a signature of another size", Retry::later);
    return signature;
}

}  // namespace holdfast::hsm::pkcs11
