// What travels in the payloads of the links: replies, key descriptions, evidence, process views.
#ifndef HOLDFAST_DAEMON_LINK_CODEC_H
#define HOLDFAST_DAEMON_LINK_CODEC_H

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "attest/measure/process.h"
#include "daemon/link/create_request.h"
#include "daemon/link/host_identity.h"
#include "daemon/link/messages.h"
#include "holdfast/anchor_counter.h"
#include "holdfast/custody.h"
#include "holdfast/evidence.h"
#include "holdfast/register.h"

namespace holdfast::daemon {

enum class WorkerKind : std::uint8_t { keys = 1, measurer = 2, launcher = 3, keys_pkcs11 = 4 };
// "keys-tpm", "measurer", "launcher", "keys-pkcs11"
const char* name_of(WorkerKind kind) noexcept;

// attach and missed_deadline: which worker, and which start of it.
struct WorkerId {
    WorkerKind kind = WorkerKind::keys;
    std::uint64_t generation = 0;
};
Bytes encode(const WorkerId& worker);
Result<WorkerId> decode_worker(ByteView payload);

// ── replies ─────────────────────────────────────────────────────────────────────────────────────

inline constexpr std::size_t max_reply = 8UL * 1024 * 1024;  // beyond max_payload: sealed memory
inline constexpr std::size_t max_error_text = 1024;

struct Reply {
    Bytes body;
    std::vector<Descriptor> descriptors;
};
// Carries the request's id and operation. A body too large for a message goes as sealed memory.
Message encode_reply(const Message& request, Result<Reply> outcome);
// The outer Error: not a reply (the link must be closed). The inner: what the worker answered.
Result<Result<Reply>> decode_reply(Message message);

// ── payloads ────────────────────────────────────────────────────────────────────────────────────

Bytes encode(const KeyDescription& key);
Result<KeyDescription> decode_key(ByteView payload);

Bytes encode(const std::vector<KeyDescription>& keys);
Result<std::vector<KeyDescription>> decode_keys(ByteView payload);

Bytes encode(const HostIdentity& host);
Result<HostIdentity> decode_host(ByteView payload);

Bytes encode(const TpmEvidence& evidence);
Result<TpmEvidence> decode_evidence(ByteView payload);

Bytes encode(const CreateRequest& request);
Result<CreateRequest> decode_create(ByteView payload);

struct SignRequest {
    std::string key_id;
    Bytes preimage;
};
Bytes encode(const SignRequest& request);
Result<SignRequest> decode_sign(ByteView payload);

// Without a key id: what the TPM says of the host alone.
struct AttestRequest {
    std::string key_id;
    Sha256 challenge{};
};
Bytes encode(const AttestRequest& request);
Result<AttestRequest> decode_attest(ByteView payload);

// Nothing is no byte: it is a part of the evidence.
Bytes encode(const std::optional<RegisterEvidence>& shown);
Result<std::optional<RegisterEvidence>> decode_register_evidence(ByteView payload);

Bytes encode(const RegisterPosition& position);
Result<RegisterPosition> decode_position(ByteView payload);
Bytes encode(const RegisterStatus& status);
Result<RegisterStatus> decode_register(ByteView payload);

Bytes encode(const AnchorReading& reading);
Result<AnchorReading> decode_anchor(ByteView payload);
// advance_anchor: the value to go to, 0 to begin.
Bytes encode_anchor_value(std::uint64_t to);
Result<std::uint64_t> decode_anchor_value(ByteView payload);

struct ActivateRequest {
    Bytes blob;
    Bytes secret;
};
Bytes encode(const ActivateRequest& request);
Result<ActivateRequest> decode_activate(ByteView payload);

// A key id (blow_fuse, destroy) or an event (extend_register).
Bytes encode_name(std::string_view name);
Result<std::string> decode_name(ByteView payload);

// check_view: the digest of a manifest's statement.
Bytes encode_digest(const Sha256& digest);
Result<Sha256> decode_digest(ByteView payload);

// The pidfd is the message's only descriptor.
struct MeasureRequest {
    pid_t pid = 0;
    uid_t uid = 0;
};
Bytes encode(const MeasureRequest& request);
Result<MeasureRequest> decode_measure(ByteView payload);

// Descriptors: the maps pin first, then each file in order. They leave the view.
Reply encode(attest::ProcessView view);
Result<attest::ProcessView> decode_view(Reply reply);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LINK_CODEC_H
