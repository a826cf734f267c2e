// Keys: the keys workers as the front sees them. The verbs of hsm/key_store.h and hsm/quoter.h,
// awaited.
#ifndef HOLDFAST_DAEMON_LINK_KEYS_H
#define HOLDFAST_DAEMON_LINK_KEYS_H

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "daemon/link/async.h"
#include "daemon/link/create_request.h"
#include "daemon/link/host_identity.h"
#include "holdfast/anchor_counter.h"
#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/register.h"

namespace holdfast::daemon {

// Every call may fail `unavailable` (worker gone, being replaced) or `busy` (too many wait): never
// waits past its deadline: sign 3 s, quote 5 s, NV 15 s, create 60 s. Signatures and evidence of
// one key wait for those of the same key; other keys have their turns in between.
class Keys {
  public:
    Keys() = default;
    Keys(const Keys&) = delete;
    Keys& operator=(const Keys&) = delete;
    virtual ~Keys() = default;

    // Would a call about this key be heard at all? Asked before anything is recorded that only a
    // worker can finish.
    virtual Done available(std::string_view key_id) const = 0;
    // The host's keys, and what its TPM says of itself; on a host without one, what its token says.
    virtual Async<HostIdentity> host() = 0;
    // What one of the two says of itself. conflict [no_tpm, no_pkcs11]: this host has none.
    virtual Async<HostIdentity> host_of(Backend backend) = 0;
    virtual Async<KeyDescription> create(CreateRequest wanted) = 0;
    virtual Async<std::vector<KeyDescription>> list() = 0;
    // In JWS form. The worker checks that the bytes are of the key's own family.
    // The chip's time is charged to that key's turns: the agent's, when the CA signs for it.
    virtual Async<Bytes> sign_for(std::string charged, std::string key_id, Bytes preimage) = 0;
    Async<Bytes> sign(std::string key_id, Bytes preimage) {
        std::string charged = key_id;
        return sign_for(std::move(charged), std::move(key_id), std::move(preimage));
    }
    virtual Async<std::monostate> blow_fuse(std::string key_id) = 0;
    virtual Async<std::monostate> blow_host_fuse() = 0;
    virtual Async<std::monostate> destroy(std::string key_id) = 0;
    // key_id "": what the TPM says of the host alone, for a key that lives elsewhere; that key is
    // charged with the chip's time.
    virtual Async<TpmEvidence> attest_for(std::string charged, std::string key_id,
                                          Sha256 challenge) = 0;
    virtual Async<Bytes> activate(Bytes blob, Bytes secret) = 0;
    // Logged and extended when it answers (docs/verifying.md lists the events). conflict
    // register_broken, unavailable register_absent, busy register_full.
    virtual Async<RegisterPosition> extend_register(std::string canonical_json_content) = 0;
    // How the register stands, and how long its log is; the log itself comes with evidence.
    virtual Async<RegisterStatus> register_log() = 0;
    // The anchor counter (holdfast/anchor_counter.h; nothing of the register). conflict [no_tpm] on
    // a host without a TPM.
    virtual Async<AnchorReading> read_anchor() = 0;
    // Idempotent, so it may be repeated when an answer was lost: counts at to − 1, is done at `to`,
    // else conflict [anchor_differs]. 0: makes the counter where there is none; absent where that
    // cannot be.
    virtual Async<AnchorReading> advance_anchor(std::uint64_t to) = 0;
    // Every session of ours in the TPM ends now: none that was satisfied before an agent was
    // stopped is left. Done without a TPM.
    virtual Async<std::monostate> flush_sessions() = 0;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_KEYS_H
