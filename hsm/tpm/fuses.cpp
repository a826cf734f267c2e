#include "hsm/tpm/fuses.h"

#include <algorithm>

#include "core/crypto/digest.h"
#include "hsm/tpm/marshal.h"
#include "hsm/tpm/nv.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

constexpr const char* host_name = "host-fuse.json";

std::string bank_name(std::size_t number) {
    return "bank-" + std::to_string(number) + ".json";
}

Result<TPMS_NV_PUBLIC> wanted_public(const IndexRecord& record) {
    if (record.policy.empty()) return counter_public(record.index);
    Sha256 policy{};
    if (record.policy.size() != policy.size())
        return Error(Code::invalid, "keys: a bank's policy is not a digest");
    std::copy(record.policy.begin(), record.policy.end(), policy.begin());
    return bank_public(record.index, policy);
}

// WRITTEN is part of the Name and set by the first write; everything else must be as we asked.
bool is_as_wanted(const TPMS_NV_PUBLIC& found, const TPMS_NV_PUBLIC& wanted) {
    const auto policy_of = [](const TPMS_NV_PUBLIC& area) {
        return bytes_of_sized(area.authPolicy);
    };
    return found.nameAlg == wanted.nameAlg && found.dataSize == wanted.dataSize &&
           (found.attributes & ~TPMA_NV_WRITTEN) == wanted.attributes &&
           policy_of(found) == policy_of(wanted);
}

Error not_ours(TPM2_HANDLE index) {
    return Error(Code::conflict, "NV index " + std::to_string(index) +
                                     " is in use by something else; choose another tpm.nv_base");
}

bool is_dead(const Error& error) noexcept {
    return is(error, gone) || is(error, wrong_secret) || is(error, fuse_blown);
}

}  // namespace

Done Fuses::open() {
    HOLDFAST_CHECK(open_host());
    return open_banks();
}

Done Fuses::open_host() {
    HOLDFAST_TRY(record, read_or_plan(host_name, false));
    HOLDFAST_TRY(defined, is_defined(record.index));
    // Somebody with owner auth removed it: all keys made under it are dead, and a new one only
    // serves new keys. The counter starts above every value there ever was.
    if (record.stage == Stage::ready && !defined) {
        HOLDFAST_CHECK(files_->erase(host_name));
        HOLDFAST_TRY(anew, read_or_plan(host_name, false));
        record = std::move(anew);
    }
    if (record.stage != Stage::ready) HOLDFAST_CHECK(finish(host_name, record));
    host_ = std::move(record);
    return done();
}

Result<bool> Fuses::is_defined(TPM2_HANDLE index) {
    auto found = nv_public(*tpm_, index);
    if (!found && !is(found.error(), gone)) return std::move(found).error();
    return found.has_value();
}

Done Fuses::open_banks() {
    for (std::size_t number = 0; number < max_banks; ++number) {
        HOLDFAST_TRY(opened, open_bank(number));
        if (!opened) break;
    }
    if (!banks_.empty()) return done();
    auto made = add_bank();
    if (!made && !is(made.error(), nv_full)) return made;
    return done();
}

// False after the last one.
Result<bool> Fuses::open_bank(std::size_t number) {
    const std::string name = bank_name(number);
    auto text = files_->read(name);
    if (!text && text.error().code() == Code::not_found) return false;
    if (!text) return std::move(text).error();
    HOLDFAST_TRY(record, index_record_from(name, *text));
    if (record.stage == Stage::making) HOLDFAST_CHECK(finish(name, record));
    banks_.push_back(std::move(record));
    return true;
}

Done Fuses::add_bank() {
    if (banks_.size() >= max_banks)
        return Error(Code::busy, "all banks are full").because(std::string(nv_full));
    const std::string name = bank_name(banks_.size());
    HOLDFAST_TRY(record, read_or_plan(name, true));
    auto made = finish(name, record);
    if (!made && is(made.error(), nv_full)) HOLDFAST_CHECK(files_->erase(name));
    if (!made) return made;
    banks_.push_back(std::move(record));
    return done();
}

// The record on disk, or a new one, on disk before the chip hears of it.
Result<IndexRecord> Fuses::read_or_plan(const std::string& name, bool is_bank) {
    auto text = files_->read(name);
    if (text) return index_record_from(name, *text);
    if (text.error().code() != Code::not_found) return std::move(text).error();
    IndexRecord record;
    HOLDFAST_TRY(index, free_index());
    HOLDFAST_TRY(auth, crypto::random_bytes(fuse_auth_bytes));
    record.index = index;
    record.auth = SecretBytes(std::move(auth));
    if (is_bank) {
        HOLDFAST_TRY(policy, crypto::random_bytes(sizeof(Sha256)));
        record.policy = std::move(policy);
    }
    HOLDFAST_CHECK(files_->write(name, to_text(record)));
    return record;
}

// Defines it unless that happened before a crash, and writes it once: a defined but unwritten index
// is finished, an index of somebody else refuses our auth value.
Done Fuses::finish(const std::string& name, IndexRecord& record) {
    HOLDFAST_TRY(wanted, wanted_public(record));
    auto defined = nv_define(*tpm_, wanted, record.auth.view());
    if (!defined && !is(defined.error(), nv_taken)) return defined;
    HOLDFAST_TRY(found, nv_public(*tpm_, record.index));
    if (!is_as_wanted(found, wanted)) return not_ours(record.index);
    const NvAccess access{.index = record.index, .auth = record.auth.view()};
    auto first_write =
        record.policy.empty() ? nv_increment(*tpm_, access) : nv_set_bits(*tpm_, access, 0);
    if (!first_write && is(first_write.error(), wrong_secret)) return not_ours(record.index);
    if (!first_write) return first_write;
    HOLDFAST_TRY(written, nv_public(*tpm_, record.index));
    HOLDFAST_TRY(bytes, marshalled<::Tss2_MU_TPMS_NV_PUBLIC_Marshal>(written));
    record.nv_public = std::move(bytes);
    record.stage = Stage::ready;
    return files_->write(name, to_text(record));
}

Result<Fuse> Fuses::host_fuse() {
    const NvAccess access{.index = host_.index, .auth = host_.auth.view()};
    HOLDFAST_TRY(value, nv_value(*tpm_, access));
    return Fuse{.kind = FuseKind::host,
                .nv_index = host_.index,
                .value = value,
                .nv_public = host_.nv_public};
}

Result<TPM2_HANDLE> Fuses::free_index() {
    const TPM2_HANDLE last = nv_base_ + anchor_counter_offset - 1;
    HOLDFAST_TRY(used, nv_indices(*tpm_, nv_base_, last));
    TPM2_HANDLE index = nv_base_;
    for (const TPM2_HANDLE taken : used)
        if (taken == index) ++index;
    if (index > last)
        return Error(Code::busy, "no NV index is left above tpm.nv_base")
            .because(std::string(nv_full));
    return index;
}

Result<Fuse> Fuses::make_counter(TPM2_HANDLE index, ByteView auth) {
    const NvAccess access{.index = index, .auth = auth};
    HOLDFAST_CHECK(nv_define(*tpm_, counter_public(index), auth));
    HOLDFAST_CHECK(nv_increment(*tpm_, access));
    HOLDFAST_TRY(value, nv_value(*tpm_, access));
    HOLDFAST_TRY(found, nv_public(*tpm_, index));
    HOLDFAST_TRY(bytes, marshalled<::Tss2_MU_TPMS_NV_PUBLIC_Marshal>(found));
    return Fuse{.kind = FuseKind::counter,
                .nv_index = index,
                .value = value,
                .nv_public = std::move(bytes)};
}

Result<std::uint64_t> Fuses::mask_of_next(IndexRecord& bank, const std::string& name) {
    const std::uint64_t mask = std::uint64_t{1} << static_cast<unsigned>(bank.taken);
    ++bank.taken;
    // On disk before it is used: a bit is never given out twice.
    HOLDFAST_CHECK(files_->write(name, to_text(bank)));
    return mask;
}

// None when the bank is used up, or is not the one it was: a bank is never made anew.
Result<std::optional<Fuse>> Fuses::next_bit(IndexRecord& bank, const std::string& name) {
    HOLDFAST_TRY(same, is_unchanged(bank.index, bank.nv_public));
    while (same && bank.taken < bits_of_bank) {
        HOLDFAST_TRY(mask, mask_of_next(bank, name));
        Fuse fuse{.kind = FuseKind::bank,
                  .nv_index = bank.index,
                  .value = mask,
                  .nv_public = bank.nv_public};
        // Set already: it was somebody's before keys/ was restored from a backup.
        HOLDFAST_TRY(now, state(fuse, {}));
        if (now == FuseState::intact) return std::optional<Fuse>(std::move(fuse));
    }
    return std::optional<Fuse>();
}

Result<Fuse> Fuses::take_bit() {
    for (std::size_t number = 0; number < max_banks; ++number) {
        if (number == banks_.size()) HOLDFAST_CHECK(add_bank());
        HOLDFAST_TRY(bit, next_bit(banks_[number], bank_name(number)));
        if (bit) return *std::move(bit);
    }
    return Error(Code::busy, "all banks are full").because(std::string(nv_full));
}

Done Fuses::remove_counter(TPM2_HANDLE index, ByteView auth) {
    auto found = nv_public(*tpm_, index);
    if (!found && is(found.error(), gone)) return done();
    if (!found) return std::move(found).error();
    if (!is_as_wanted(*found, counter_public(index))) return done();
    auto counted = nv_increment(*tpm_, {.index = index, .auth = auth});
    if (!counted && is(counted.error(), wrong_secret)) return done();  // somebody else's
    if (!counted) return counted;
    return nv_undefine(*tpm_, index);
}

Result<bool> Fuses::is_unchanged(TPM2_HANDLE index, const Bytes& nv_public_bytes) {
    auto found = nv_public(*tpm_, index);
    if (!found && is(found.error(), gone)) return false;
    if (!found) return std::move(found).error();
    HOLDFAST_TRY(bytes, marshalled<::Tss2_MU_TPMS_NV_PUBLIC_Marshal>(*found));
    return bytes == nv_public_bytes;
}

Result<ByteView> Fuses::auth_of(const Fuse& fuse, ByteView own_auth) const {
    if (fuse.kind == FuseKind::counter) return own_auth;
    if (fuse.kind == FuseKind::host && fuse.nv_index == host_.index) return host_.auth.view();
    for (const IndexRecord& bank : banks_)
        if (fuse.kind == FuseKind::bank && bank.index == fuse.nv_index) return bank.auth.view();
    return Error(Code::denied, "this key's fuse is not of this host any more")
        .because(std::string(fuse_blown));
}

Result<PolicyTerm> Fuses::term(const Fuse& fuse, ByteView own_auth) const {
    HOLDFAST_TRY(auth, auth_of(fuse, own_auth));
    const bool is_bank = fuse.kind == FuseKind::bank;
    return PolicyTerm{.index = fuse.nv_index,
                      .auth = auth,
                      .operand = fuse.value,
                      .operation = is_bank ? TPM2_EO_BITCLEAR : TPM2_EO_EQ};
}

Result<FuseState> Fuses::state(const Fuse& fuse, ByteView own_auth) {
    auto auth = auth_of(fuse, own_auth);
    if (!auth) return FuseState::blown;
    HOLDFAST_TRY(same, is_unchanged(fuse.nv_index, fuse.nv_public));
    if (!same) return FuseState::blown;
    auto value = nv_value(*tpm_, {.index = fuse.nv_index, .auth = *auth});
    if (!value && is_dead(value.error())) return FuseState::blown;
    if (!value) return std::move(value).error();
    const bool holds =
        fuse.kind == FuseKind::bank ? (*value & fuse.value) == 0 : *value == fuse.value;
    return holds ? FuseState::intact : FuseState::blown;
}

Done Fuses::move(const Fuse& fuse, ByteView auth) {
    const NvAccess access{.index = fuse.nv_index, .auth = auth};
    if (fuse.kind == FuseKind::bank) return nv_set_bits(*tpm_, access, fuse.value);
    return nv_increment(*tpm_, access);
}

Done Fuses::blow(const Fuse& fuse, ByteView own_auth) {
    HOLDFAST_TRY(before, state(fuse, own_auth));
    if (before == FuseState::blown) return done();
    HOLDFAST_TRY(auth, auth_of(fuse, own_auth));
    HOLDFAST_CHECK(move(fuse, auth));
    HOLDFAST_TRY(after, state(fuse, own_auth));
    if (after == FuseState::intact)
        return Error(Code::unavailable, "the TPM took the fuse but did not move it", Retry::later);
    return done();
}

Done Fuses::blow_host() {
    HOLDFAST_TRY(now, host_fuse());
    return blow(now, {});
}

}  // namespace holdfast::hsm
