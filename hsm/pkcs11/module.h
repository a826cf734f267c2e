// Module: a vendor's PKCS#11 library, loaded once: libp11's view of it, and its own functions for
// what libp11 lacks.
#ifndef HOLDFAST_HSM_PKCS11_MODULE_H
#define HOLDFAST_HSM_PKCS11_MODULE_H

#include <dlfcn.h>
#include <libp11.h>
#include <p11-kit/pkcs11.h>

#include <memory>
#include <string>
#include <vector>

#include "holdfast/result.h"
#include "hsm/owned.h"
#include "hsm/pkcs11/software.h"
#include "hsm/pkcs11/uri.h"

namespace holdfast::hsm::pkcs11 {

inline constexpr std::size_t max_slots = 1024;

// CK_TOKEN_INFO of a slot that holds a token, in our words. A count of 0 for "at most" is no limit.
struct TokenFacts {
    CK_SLOT_ID slot = 0;
    TokenNames names;
    CK_FLAGS flags = 0;
    unsigned long max_sessions = 0;
    unsigned long max_rw_sessions = 0;
    unsigned long sessions = 0;  // this application's, now; 0 where the token does not say
};

class Module {
  public:
    // invalid: no such library, others may write it, or it is none of PKCS#11.
    static Result<std::unique_ptr<Module>> load(const std::string& path);

    Module(const Module&) = delete;
    Module& operator=(const Module&) = delete;
    ~Module();

    const CK_FUNCTION_LIST& calls() const noexcept { return *calls_; }
    Result<std::vector<CK_SLOT_ID>> slots() const;  // invalid when there are more than max_slots
    Result<std::vector<TokenFacts>> tokens() const;
    Result<TokenFacts> token_in(CK_SLOT_ID slot) const;
    Result<LibraryNames> library() const;
    // libp11's view of a token, as it was at the first call: the slots are enumerated once.
    // not_found when the slot had none.
    Result<PKCS11_TOKEN*> for_libp11(CK_SLOT_ID slot);

  private:
    Module() = default;
    Done open(const std::string& path);
    Done find_calls(const std::string& path);

    Owned<void, ::dlclose> library_;
    PKCS11_CTX* context_ = nullptr;
    bool is_loaded_ = false;
    PKCS11_SLOT* slots_ = nullptr;
    unsigned int slot_count_ = 0;
    const CK_FUNCTION_LIST* calls_ = nullptr;
};

}  // namespace holdfast::hsm::pkcs11

#endif  // HOLDFAST_HSM_PKCS11_MODULE_H
