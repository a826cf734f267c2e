// Session: the one session of ours in a token, and what is done with objects in it.
#ifndef HOLDFAST_HSM_PKCS11_SESSION_H
#define HOLDFAST_HSM_PKCS11_SESSION_H

#include <p11-kit/pkcs11.h>

#include <optional>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/result.h"
#include "hsm/pkcs11/attributes.h"
#include "hsm/pkcs11/module.h"

namespace holdfast::hsm::pkcs11 {

// Ours, and the one that libp11 opens for itself: all that Holdfast ever holds in a token.
inline constexpr unsigned long sessions_needed = 2;
inline constexpr std::size_t max_attribute = 4096;

struct KeyPair {
    CK_OBJECT_HANDLE public_key = 0;
    CK_OBJECT_HANDLE private_key = 0;
};

class Session {
  public:
    // Read and write, not logged in.
    static Result<Session> open(const Module& module, CK_SLOT_ID slot);

    Session(Session&& other) noexcept;
    Session& operator=(Session&&) = delete;
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session();

    CK_SLOT_ID slot() const noexcept { return slot_; }
    Done log_in(ByteView pin);
    // token_lost when the session ended, or is not logged in as it was when it was last so. libp11
    // waits for ever in a token that is gone, so it is asked for nothing before this.
    Done check_alive() const;

    // At most as many as asked for; more in the token are not told.
    Result<std::vector<CK_OBJECT_HANDLE>> find(Template wanted, std::size_t at_most) const;
    // Nothing where the object has no such attribute, or does not show it.
    Result<std::optional<Bytes>> read(CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE attribute) const;
    // Reads as exactly CK_TRUE or CK_FALSE; nothing for everything else.
    Result<std::optional<bool>> read_flag(CK_OBJECT_HANDLE object,
                                          CK_ATTRIBUTE_TYPE attribute) const;
    Result<KeyPair> generate(CK_MECHANISM_TYPE mechanism, Template public_half,
                             Template private_half);
    Done destroy(CK_OBJECT_HANDLE object);
    // C_SignInit and C_Sign: a signature of exactly this size.
    Result<Bytes> sign(CK_MECHANISM mechanism, CK_OBJECT_HANDLE key, ByteView input,
                       std::size_t size);

  private:
    Session(const Module& module, CK_SLOT_ID slot, CK_SESSION_HANDLE session) noexcept
        : module_(&module), slot_(slot), session_(session) {}
    const CK_FUNCTION_LIST& calls() const noexcept { return module_->calls(); }

    const Module* module_;
    CK_SLOT_ID slot_;
    CK_SESSION_HANDLE session_;
    bool is_logged_in_ = false;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_SESSION_H
