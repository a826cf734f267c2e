// AnchorCounter: the NV counter that notices a restored state directory.
#ifndef HOLDFAST_HSM_TPM_ANCHOR_COUNTER_H
#define HOLDFAST_HSM_TPM_ANCHOR_COUNTER_H

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <optional>

#include "hsm/anchor_keeper.h"
#include "hsm/key_files.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/key_policy.h"

namespace holdfast::hsm {

// Not the register, whose "anchor event" ties it to one boot: this counter has a place and a life
// of its own. Its index follows from tpm.nv_base alone, so it is found also when keys/ was wiped;
// then, and when its auth value is that of another state directory, it is used with the owner's.
// Attributes as a fuse's: never ORDERLY (such a counter jumps at a power cut), NO_DA (a lockout
// must not stop it). One that is undefined and defined again starts above every value this TPM ever
// counted to (TPM 2.0 Part 3, 31.8): that shows as a difference, like a restored disk.
class AnchorCounter final : public AnchorKeeper {
  public:
    AnchorCounter(Connection& tpm, KeyFiles& files, TPM2_HANDLE index) noexcept
        : tpm_(&tpm), files_(&files), index_(index) {}

    Result<AnchorReading> read() override;
    Result<AnchorReading> advance(std::uint64_t to) override;

  private:
    // What stands at the index, before its value is asked for.
    enum class Place : std::uint8_t { free, unwritten, counter, taken };
    Result<Place> look();
    Result<std::optional<IndexRecord>> record() const;
    Result<IndexRecord> plan();
    Result<AnchorReading> reading();
    Result<AnchorReading> begin();
    Done define();
    Done count();
    AnchorReading absent(std::string reason) const;

    Connection* tpm_;
    KeyFiles* files_;
    TPM2_HANDLE index_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_ANCHOR_COUNTER_H
