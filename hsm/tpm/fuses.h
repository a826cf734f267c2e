// Fuses: NV counters and banks that end keys for good, inside the chip.
#ifndef HOLDFAST_HSM_TPM_FUSES_H
#define HOLDFAST_HSM_TPM_FUSES_H

#include <tss2/tss2_tpm2_types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/key_files.h"
#include "hsm/key_store.h"
#include "hsm/tpm/commands.h"
#include "hsm/tpm/connection.h"
#include "hsm/tpm/key_policy.h"

namespace holdfast::hsm {

// From tpm.nv_base on. The last is the register's, the one before it the anchor counter's.
inline constexpr std::uint32_t max_own_indices = 4096;
inline constexpr std::uint32_t register_offset = max_own_indices - 1;
inline constexpr std::uint32_t anchor_counter_offset = max_own_indices - 2;
inline constexpr std::int64_t bits_of_bank = 64;
inline constexpr std::size_t max_banks = 16;
inline constexpr std::size_t fuse_auth_bytes = 32;

class Fuses {
  public:
    Fuses(Connection& tpm, KeyFiles& files, std::uint32_t nv_base) noexcept
        : tpm_(&tpm), files_(&files), nv_base_(nv_base) {}

    // Finds, finishes or makes the host fuse, and the first bank while there is still room: a bank
    // is needed exactly when nothing can be defined any more.
    Done open();

    // The host fuse at its present value: the term a key made now gets.
    Result<Fuse> host_fuse();

    // A counter for one key, in two steps so that the intention can be on disk in between.
    Result<TPM2_HANDLE> free_index();
    Result<Fuse> make_counter(TPM2_HANDLE index, ByteView auth);  // reason tpm_nv_full
    // The next bit of a bank, never given out before; reason tpm_nv_full without one.
    Result<Fuse> take_bit();
    // Removes a counter, if it is one of ours: its auth value says so.
    Done remove_counter(TPM2_HANDLE index, ByteView auth);

    // `own_auth` is the counter's; banks and the host fuse have theirs here. What comes back refers
    // to both.
    Result<PolicyTerm> term(const Fuse& fuse, ByteView own_auth) const;
    Result<FuseState> state(const Fuse& fuse, ByteView own_auth);
    // Idempotent: reads first and reads back.
    Done blow(const Fuse& fuse, ByteView own_auth);
    Done blow_host();

  private:
    Result<IndexRecord> read_or_plan(const std::string& name, bool is_bank);
    Done finish(const std::string& name, IndexRecord& record);
    Done open_host();
    Result<bool> is_defined(TPM2_HANDLE index);
    Done open_banks();
    Result<bool> open_bank(std::size_t number);
    Result<std::optional<Fuse>> next_bit(IndexRecord& bank, const std::string& name);
    Done add_bank();
    Result<bool> is_unchanged(TPM2_HANDLE index, const Bytes& nv_public_bytes);
    Result<ByteView> auth_of(const Fuse& fuse, ByteView own_auth) const;
    Result<std::uint64_t> mask_of_next(IndexRecord& bank, const std::string& name);
    Done move(const Fuse& fuse, ByteView auth);

    Connection* tpm_;
    KeyFiles* files_;
    std::uint32_t nv_base_;
    IndexRecord host_;
    std::vector<IndexRecord> banks_;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_FUSES_H
