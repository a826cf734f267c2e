// Connection: one open TPM. Which one it is, whether it may be used, and how long we wait for it.
#ifndef HOLDFAST_HSM_TPM_CONNECTION_H
#define HOLDFAST_HSM_TPM_CONNECTION_H

#include <tss2/tss2_esys.h>

#include <chrono>
#include <string>
#include <string_view>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/owned.h"
#include "hsm/tpm/error.h"
#include "hsm/tpm/tpm.h"

namespace holdfast::hsm {

void finalize_tcti(TSS2_TCTI_CONTEXT* tcti) noexcept;
void finalize_esys(ESYS_CONTEXT* esys) noexcept;

// The part of a TCTI text before ':'; invalid when the text would fall back to a default.
Result<std::string> tcti_name(std::string_view tcti);
bool is_simulator_tcti(std::string_view name) noexcept;
bool is_simulator_manufacturer(std::string_view manufacturer) noexcept;
Custody custody_of(std::string_view tcti_name, std::string_view manufacturer) noexcept;

class Connection {
  public:
    using Clock = std::chrono::steady_clock;

    // Refuses a simulator without leave. Owner and endorsement auth are set on the context.
    static Result<Connection> open(const TpmOptions& options);

    ESYS_CONTEXT* esys() const noexcept { return esys_.get(); }
    // The same TPM without ESYS's own crypto: the sign path (DESIGN: 0.35 ms per hash saved).
    TSS2_SYS_CONTEXT* sys() const noexcept { return sys_; }

    // Nobody else uses this TPM: what lies around in it at start is ours, from a crash.
    bool is_owned() const noexcept { return is_simulator_tcti(tcti_name_); }
    const std::string& manufacturer() const noexcept { return manufacturer_; }
    Custody custody() const noexcept { return custody_of(tcti_name_, manufacturer_); }

    // Every verb of the store says first how long it may take in all.
    void allow(std::chrono::milliseconds time) noexcept { deadline_ = Clock::now() + time; }

    // Runs one C call, again while the TPM says RETRY and the deadline allows it.
    template <class Call>
    Done run(std::string_view name, Call&& call) {
        for (std::chrono::milliseconds pause{0};;) {
            const TSS2_RC code = call();
            pause = next_pause(action_of(code), pause);
            if (pause.count() == 0 || !wait(pause)) return check(name, as_lost(code));
        }
    }

    // Only for a TPM that is ours alone: everything transient, loaded or saved.
    Done flush_all();
    Done flush_sessions();

  private:
    Connection() = default;
    static std::chrono::milliseconds next_pause(Action action,
                                                std::chrono::milliseconds last) noexcept;
    bool wait(std::chrono::milliseconds pause) const;
    // A simulator that was reset under us is started again by the next process (see start()).
    TSS2_RC as_lost(TSS2_RC code) const noexcept;
    Done connect(const std::string& tcti);
    Done start() const;
    Done identify();
    Done check_leave(const TpmOptions& options) const;
    Done set_auth(ESYS_TR hierarchy, const std::string& file) const;
    Done flush_range(std::uint32_t first_handle);

    Owned<TSS2_TCTI_CONTEXT, finalize_tcti> tcti_;
    Owned<ESYS_CONTEXT, finalize_esys> esys_;  // after tcti_: goes before it
    TSS2_SYS_CONTEXT* sys_ = nullptr;          // part of esys_
    std::string tcti_name_;
    std::string manufacturer_;
    Clock::time_point deadline_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_CONNECTION_H
