// KeyStore: private keys that can be used and ended, never obtained. Synchronous: what a worker
// runs.
#ifndef HOLDFAST_HSM_KEY_STORE_H
#define HOLDFAST_HSM_KEY_STORE_H

#include <string>
#include <string_view>
#include <vector>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"
#include "hsm/reasons.h"

namespace holdfast::hsm {

enum class FuseState : std::uint8_t { intact = 1, blown = 2 };

struct NewKey {
    Purpose purpose;
    std::string agent;       // empty unless purpose is action
    KeyAlgorithm algorithm;  // es256 unless purpose is action
};

class KeyStore {
  public:
    KeyStore() = default;
    KeyStore(const KeyStore&) = delete;
    KeyStore& operator=(const KeyStore&) = delete;
    virtual ~KeyStore() = default;

    // Of keys made now. A key of a token may be less: see KeyDescription.
    virtual Custody custody() const = 0;
    // Those it can make keys for, as the chip or token said when it was opened. Never changes.
    virtual std::vector<KeyAlgorithm> algorithms() const = 0;

    // A new key with its fuses written before its policy is computed. Durable when it returns.
    // invalid with reason algorithm_unavailable for one that is not among algorithms().
    virtual Result<KeyDescription> create(const NewKey& wanted) = 0;
    // not_found when there is no such key; denied when it belongs to another TPM or parent.
    virtual Result<KeyDescription> describe(std::string_view key_id) = 0;
    virtual Result<std::vector<KeyDescription>> list() = 0;

    // Hashes the preimage itself, as the key's algorithm says, and returns the signature in JWS
    // form (RFC 7518 §3: r ‖ s for ECDSA), signature_size() bytes, verified in software. denied
    // with reason fuse_blown when the chip refuses the policy.
    virtual Result<Bytes> sign(std::string_view key_id, ByteView preimage) = 0;

    // Ends the key for good, in hardware: the fuse, or in a token the object itself. Idempotent.
    // Ours satisfied sessions are flushed.
    virtual Done blow_fuse(std::string_view key_id) = 0;
    // Ends every agent and CA key on this host.
    virtual Done blow_host_fuse() = 0;
    virtual Result<FuseState> fuse_state(std::string_view key_id) = 0;
    // Deletes the blob; the fuse must be blown first (conflict otherwise).
    virtual Done destroy(std::string_view key_id) = 0;

    // Every session of ours in the chip is flushed now: one that was satisfied before an agent was
    // stopped would sign once more. Done where the keys need none.
    virtual Done flush_sessions() = 0;

    // No signature follows for a while, or another verb does: lets go of what only makes the next
    // signature faster.
    virtual void rest() = 0;
};

}  // namespace holdfast::hsm

#endif  // HOLDFAST_HSM_KEY_STORE_H
