// What stands beside a key blob: its purpose, the terms of its policy, and how far making it got.
#ifndef HOLDFAST_HSM_TPM_KEY_POLICY_H
#define HOLDFAST_HSM_TPM_KEY_POLICY_H

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::hsm {

enum class Stage : std::uint8_t {
    making,  // the intention, on disk before the chip is touched: undone at the next start
    ready,
    spent,  // `fuse: host` only: revoked by us, as the chip has no fuse of the key's own
};

// keys/<id>.json
struct KeyRecord {
    std::string id;
    std::string agent;
    Purpose purpose = Purpose::action;
    Stage stage = Stage::making;
    Fuse agent_fuse;
    SecretBytes agent_fuse_auth;  // of a counter; a bank's is with the bank
    Fuse host_fuse;
    Bytes parent_name;  // TPM Name of the SRK it was made under
};
KeyRecord copy_of(const KeyRecord& record);
std::string to_text(const KeyRecord& record);
Result<KeyRecord> key_record_from(const std::string& id, std::string_view text);

// keys/host-fuse.json and keys/bank-<n>.json: an NV index of our own that many keys share.
struct IndexRecord {
    Stage stage = Stage::making;
    std::uint32_t index = 0;
    SecretBytes auth;
    Bytes policy;            // a bank's random authPolicy; empty for a counter
    Bytes nv_public;         // TPMS_NV_PUBLIC with WRITTEN set, once it is ready
    std::int64_t taken = 0;  // a bank's bits given out so far: never given out again
};
std::string to_text(const IndexRecord& record);
Result<IndexRecord> index_record_from(const std::string& name, std::string_view text);

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_TPM_KEY_POLICY_H
