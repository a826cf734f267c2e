// Register: one NV index that is extended with every event, anchored once in each boot.
#ifndef HOLDFAST_HSM_TPM_REGISTER_H
#define HOLDFAST_HSM_TPM_REGISTER_H

#include <tss2/tss2_esys.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "attest/eventlog/register_log.h"
#include "holdfast/bytes.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/registrar.h"
#include "hsm/tpm/boot_log.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/handles.h"
#include "hsm/tpm/key_policy.h"
#include "hsm/tpm/pcr.h"

namespace holdfast::hsm {

// The TPM started anew while we ran: the register began again, and what was asked is of yesterday.
inline constexpr std::string_view register_anew = "register_anew";

// The index is there, but not ours, or not in the state of before.
inline bool is_replaced(const Error& error) noexcept {
    return is(error, gone) || is(error, wrong_secret) || is(error, fuse_blown);
}

// How long this machine has slept since it booted: CLOCK_BOOTTIME beyond CLOCK_MONOTONIC.
std::chrono::milliseconds slept_so_far();

// Whether this boot is anchored is asked of the PCR, which nothing but a start of the TPM can set
// back: zero = begin a log and anchor it; else the register must hold what the log says.
class Register final : public Registrar {
  public:
    using Slept = std::function<std::chrono::milliseconds()>;

    // `index` is the register's own place, `anchor_pcr` that of the next boot to begin.
    Register(Connection& tpm, KeyFiles& files, TPM2_HANDLE index, std::uint8_t anchor_pcr,
             Slept slept = slept_so_far)
        : tpm_(&tpm),
          files_(&files),
          index_(index),
          anchor_pcr_(anchor_pcr),
          slept_(std::move(slept)) {}

    // Fails only when the connection is lost; status() says the rest.
    Done open();

    Result<RegisterPosition> extend(std::string_view content) override;
    RegisterStatus status() const override;

    // What evidence says of the register, or nothing while it is absent. A broken one is shown as
    // it is, uncertified if the TPM will not. unavailable with reason register_anew: ask again.
    Result<std::optional<RegisterEvidence>> certified(ESYS_TR ak, const Sha256& challenge);

  private:
    // Each of these leaves a state and its reason, or fails.
    Done find();
    Done define();
    Done look(const Starts& starts, Done defined);
    Done anchor(const Starts& starts);
    Done follow(const attest::RegisterLog& log, const Sha256& pcr_value);
    Done compare();
    Done settle_from(const Sha256& held);
    Done extend_last();
    Done ready();
    Done absent(const Error& why);
    Done broken(std::string why);

    Result<IndexRecord> read_or_plan();
    Done note_public();
    Done settle();
    Done notice_sleep();
    Done usable() const;
    Error in_use() const;
    void advance(const Sha256& digest);
    Result<Sha256> value();
    Result<Attested> certify(ESYS_TR ak, const Sha256& challenge);
    RegisterEvidence shown(Attested certified) const;

    Connection* tpm_;
    KeyFiles* files_;
    TPM2_HANDLE index_;
    std::uint8_t anchor_pcr_;
    Slept slept_;

    RegisterState state_ = RegisterState::absent;
    std::string reason_ = "not opened";
    bool try_again_ = false;  // absent for a reason that may pass
    std::chrono::milliseconds slept_then_{0};
    IndexRecord record_;
    std::optional<Lasting> open_index_;  // no command before each extend; holds nothing in the TPM
    std::optional<BootLog> log_;
    std::uint8_t pcr_ = 0;
    std::uint64_t events_ = 0;
    std::uint64_t anchored_ = 0;  // how often, since this process began
    Sha256 value_{};              // what the register holds after all of the log's events
    Sha256 before_last_{};        // and before the last of them
    Sha256 last_{};               // that one's digest
    bool unsettled_ = false;      // the last event is in the log, and perhaps not in the TPM
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_REGISTER_H
