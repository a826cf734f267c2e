// Owners of what we hold inside the TPM, and the one key that stays loaded between signatures.
#ifndef HOLDFAST_HSM_TPM_HANDLES_H
#define HOLDFAST_HSM_TPM_HANDLES_H

#include <tss2/tss2_esys.h>

#include <functional>
#include <list>
#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "holdfast/result.h"
#include "hsm/owned.h"
#include "hsm/tpm/connection.h"

namespace holdfast::hsm {

// A transient object or a session: flushed when it goes.
class Transient {
  public:
    Transient(Connection& tpm, ESYS_TR handle) noexcept : tpm_(&tpm), handle_(handle) {}
    Transient(Transient&& other) noexcept
        : tpm_(other.tpm_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
    Transient& operator=(Transient&& other) noexcept {
        std::swap(tpm_, other.tpm_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    Transient(const Transient&) = delete;
    Transient& operator=(const Transient&) = delete;
    ~Transient();

    ESYS_TR handle() const noexcept { return handle_; }

  private:
    Connection* tpm_;
    ESYS_TR handle_;
};

// What stays in the TPM when we let go of it: an NV index or a persistent object.
class Lasting {
  public:
    Lasting(Connection& tpm, ESYS_TR handle) noexcept : tpm_(&tpm), handle_(handle) {}
    Lasting(Lasting&& other) noexcept
        : tpm_(other.tpm_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
    Lasting& operator=(Lasting&& other) noexcept {
        std::swap(tpm_, other.tpm_);
        std::swap(handle_, other.handle_);
        return *this;
    }
    Lasting(const Lasting&) = delete;
    Lasting& operator=(const Lasting&) = delete;
    ~Lasting();

    ESYS_TR handle() const noexcept { return handle_; }
    // The TPM forgot it as well (UndefineSpace): nothing is left to close.
    void forget() noexcept { handle_ = ESYS_TR_NONE; }

  private:
    Connection* tpm_;
    ESYS_TR handle_;
};

// not_found with reason tpm_handle_gone when the TPM has no such NV index or persistent object.
Result<Lasting> lasting(Connection& tpm, TPM2_HANDLE handle);
Result<TPM2_HANDLE> tpm_handle(Connection& tpm, ESYS_TR handle);

// Loaded keys by id. A simulator has three slots and a persistent parent needs one while a child
// loads, so between verbs one key stays, within a verb two; others come back from their saved
// context (59 µs on swtpm, a Load is 359).
class LoadedKeys {
  public:
    static constexpr std::size_t within_a_verb = 2;
    static constexpr std::size_t between_verbs = 1;
    static constexpr std::size_t max_contexts = 256;

    using Loader = std::function<Result<Transient>()>;

    explicit LoadedKeys(Connection& tpm) noexcept : tpm_(&tpm) {}

    // The handle stays good until `at_most` other keys were used, or trim, drop or clear was
    // called.
    Result<ESYS_TR> use(const std::string& id, const Loader& load,
                        std::size_t at_most = within_a_verb);
    void trim(std::size_t keep);
    void drop(std::string_view id);  // loaded and saved
    void clear();                    // after a reset, or when the TPM is full

  private:
    Result<Transient> bring(const std::string& id, const Loader& load);
    void save(const std::string& id, ESYS_TR handle);

    Connection* tpm_;
    std::list<std::pair<std::string, Transient>> loaded_;  // latest first
    std::map<std::string, Owned<TPMS_CONTEXT, ::Esys_Free>, std::less<>> contexts_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_HANDLES_H
