// Token: one token of one PKCS#11 module, with the key store in it. With inventory.h the only
// header of this folder that others include.
#ifndef HOLDFAST_HSM_PKCS11_TOKEN_H
#define HOLDFAST_HSM_PKCS11_TOKEN_H

#include <memory>
#include <string>
#include <string_view>

#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_store.h"

namespace holdfast::hsm {

// An Error with this reason means that the module or its token is of no more use to this process (a
// session that ended, a token or device that went away): it must end and be started again. Outcomes
// are then unknown: signing again is safe, and what a creation left is removed at the next open.
inline constexpr const char* token_lost = "token_lost";

struct Pkcs11Options {
    std::string module;     // the vendor's shared object, an absolute path
    std::string token;      // RFC 7512: "pkcs11:token=agents;serial=0123"; exactly one must match
    int pin_descriptor;     // the PIN file, open to read and never closed here; -1 = there is none
    bool software_allowed;  // else a token that is software is refused
    std::string keys_dir;   // made 0700 when missing; belongs to the keys workers alone
};

// Single-threaded, blocking: what the keys worker runs. One in a process: C_Initialize and C_Login
// are the process's.
class Token {
  public:
    // Loads the module, finds the token, logs in, and removes what a crash left half made or half
    // ended. unavailable with reason token_missing: it may come back. Everything else an operator
    // must mend: invalid (module, URI, two tokens match), denied (software without leave, reasons
    // pin_refused, pin_locked, pin_final_try, pin_to_be_changed, pin_missing).
    static Result<std::unique_ptr<Token>> open(const Pkcs11Options& options);

    Token(const Token&) = delete;
    Token& operator=(const Token&) = delete;
    ~Token();

    KeyStore& keys() noexcept;
    Custody custody() const noexcept;  // of keys made now: hsm or software_hsm
    // CK_TOKEN_INFO, without padding.
    const std::string& label() const noexcept;
    const std::string& serial() const noexcept;
    const std::string& manufacturer() const noexcept;
    // conflict with reason other_token when an agent's file means another one; invalid when that is
    // no RFC 7512 URI of a token.
    Done check_is_meant(std::string_view uri) const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;

  public:
    explicit Token(std::unique_ptr<Parts> parts);  // by open() alone: nobody else can name Parts
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_PKCS11_TOKEN_H
