#include "daemon/link/codec.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_one;
using payload::malformed;
using payload::whole;

// How many of a kind one payload may hold; each is also bounded by the payload itself.
constexpr std::uint32_t max_algorithms = 16;
constexpr std::uint32_t max_keys = 8192;

// ── pieces that several payloads share ──────────────────────────────────────────────────────────

void put(PayloadWriter& out, const Fuse& fuse) {
    out.u8(static_cast<std::uint8_t>(fuse.kind)).u32(fuse.nv_index).u64(fuse.value);
    out.bytes(fuse.nv_public);
}

Result<Fuse> get_fuse(PayloadReader& in) {
    Fuse fuse;
    HOLDFAST_TRY(kind, in.u8());
    if (kind > static_cast<std::uint8_t>(FuseKind::object)) return malformed("kind of fuse");
    fuse.kind = static_cast<FuseKind>(kind);
    HOLDFAST_TRY(index, in.u32());
    fuse.nv_index = index;
    HOLDFAST_TRY(value, in.u64());
    fuse.value = value;
    HOLDFAST_TRY(nv_public, in.bytes());
    fuse.nv_public = std::move(nv_public);
    return fuse;
}

void put(PayloadWriter& out, const KeyDescription& key) {
    out.text(key.id).text(key.agent).u8(static_cast<std::uint8_t>(key.purpose));
    out.u8(static_cast<std::uint8_t>(key.backend)).u8(static_cast<std::uint8_t>(key.algorithm));
    out.u8(static_cast<std::uint8_t>(key.custody)).text(key.token);
    out.bytes(key.spki).bytes(key.tpm_public).bytes(key.name);
    put(out, key.agent_fuse);
    put(out, key.host_fuse);
}

Result<Custody> get_custody(PayloadReader& in) {
    return get_one(in, Custody::unproven, Custody::tpm_virtual, "custody");
}

Result<KeyAlgorithm> get_algorithm(PayloadReader& in) {
    return get_one(in, KeyAlgorithm::es256, KeyAlgorithm::rs256_3072, "algorithm");
}

Done get_place(PayloadReader& in, KeyDescription& key) {
    HOLDFAST_TRY(backend, get_one(in, Backend::tpm, Backend::pkcs11, "backend"));
    key.backend = backend;
    HOLDFAST_TRY(algorithm, get_algorithm(in));
    key.algorithm = algorithm;
    HOLDFAST_TRY(custody, get_custody(in));
    key.custody = custody;
    HOLDFAST_TRY(token, in.text());
    key.token = std::move(token);
    return done();
}

Result<KeyDescription> get_key(PayloadReader& in) {
    KeyDescription key;
    HOLDFAST_TRY(id, in.text());
    key.id = std::move(id);
    HOLDFAST_TRY(agent, in.text());
    key.agent = std::move(agent);
    HOLDFAST_TRY(purpose, get_one(in, Purpose::action, Purpose::attest, "purpose"));
    key.purpose = purpose;
    HOLDFAST_CHECK(get_place(in, key));
    HOLDFAST_TRY(spki, in.bytes());
    key.spki = std::move(spki);
    HOLDFAST_TRY(tpm_public, in.bytes());
    key.tpm_public = std::move(tpm_public);
    HOLDFAST_TRY(name, in.bytes());
    key.name = std::move(name);
    HOLDFAST_TRY(agent_fuse, get_fuse(in));
    key.agent_fuse = std::move(agent_fuse);
    HOLDFAST_TRY(host_fuse, get_fuse(in));
    key.host_fuse = std::move(host_fuse);
    return key;
}

}  // namespace

const char* name_of(WorkerKind kind) noexcept {
    switch (kind) {
        case WorkerKind::keys: return "keys-tpm";
        case WorkerKind::measurer: return "measurer";
        case WorkerKind::launcher: return "launcher";
        case WorkerKind::keys_pkcs11: return "keys-pkcs11";
    }
    return "";
}

Bytes encode(const WorkerId& worker) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(worker.kind)).u64(worker.generation);
    return out.take();
}

Result<WorkerId> decode_worker(ByteView payload) {
    return whole<WorkerId>(payload, [](PayloadReader& in) -> Result<WorkerId> {
        HOLDFAST_TRY(kind,
                     get_one(in, WorkerKind::keys, WorkerKind::keys_pkcs11, "kind of worker"));
        HOLDFAST_TRY(generation, in.u64());
        return WorkerId{kind, generation};
    });
}

Bytes encode(const KeyDescription& key) {
    PayloadWriter out;
    put(out, key);
    return out.take();
}

Result<KeyDescription> decode_key(ByteView payload) {
    return whole<KeyDescription>(payload, get_key);
}

Bytes encode(const std::vector<KeyDescription>& keys) {
    PayloadWriter out;
    out.u32(static_cast<std::uint32_t>(keys.size()));
    for (const auto& key : keys)
        put(out, key);
    return out.take();
}

Result<std::vector<KeyDescription>> decode_keys(ByteView payload) {
    using Keys = std::vector<KeyDescription>;
    return whole<Keys>(payload, [](PayloadReader& in) -> Result<Keys> {
        HOLDFAST_TRY(count, in.u32());
        if (count > max_keys) return malformed("number of keys");
        Keys keys;
        for (std::uint32_t i = 0; i < count; ++i) {
            HOLDFAST_TRY(key, get_key(in));
            keys.push_back(std::move(key));
        }
        return keys;
    });
}

Bytes encode(const HostIdentity& host) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(host.custody)).text(host.manufacturer).text(host.token);
    out.u32(static_cast<std::uint32_t>(host.algorithms.size()));
    for (const KeyAlgorithm algorithm : host.algorithms)
        out.u8(static_cast<std::uint8_t>(algorithm));
    payload::put_certificates(out, host.ek_certificates);
    out.bytes(host.ek_public).bytes(host.ak_public);
    put(out, host.ca);
    put(out, host.ledger);
    out.bytes(host.ca_certificate).bytes(encode(host.event_register));
    return out.take();
}

Result<HostIdentity> decode_host(ByteView payload) {
    return whole<HostIdentity>(payload, [](PayloadReader& in) -> Result<HostIdentity> {
        HostIdentity host;
        HOLDFAST_TRY(custody, get_custody(in));
        host.custody = custody;
        HOLDFAST_TRY(manufacturer, in.text());
        host.manufacturer = std::move(manufacturer);
        HOLDFAST_TRY(token, in.text());
        host.token = std::move(token);
        HOLDFAST_TRY(algorithms, payload::get_all<KeyAlgorithm>(in, max_algorithms, get_algorithm));
        host.algorithms = std::move(algorithms);
        HOLDFAST_TRY(certificates, payload::get_certificates(in));
        host.ek_certificates = std::move(certificates);
        HOLDFAST_TRY(ek_public, in.bytes());
        host.ek_public = std::move(ek_public);
        HOLDFAST_TRY(ak_public, in.bytes());
        host.ak_public = std::move(ak_public);
        HOLDFAST_TRY(ca, get_key(in));
        host.ca = std::move(ca);
        HOLDFAST_TRY(ledger, get_key(in));
        host.ledger = std::move(ledger);
        HOLDFAST_TRY(ca_certificate, in.bytes());
        host.ca_certificate = std::move(ca_certificate);
        HOLDFAST_TRY(status, in.bytes());
        HOLDFAST_TRY(event_register, decode_register(status));
        host.event_register = std::move(event_register);
        return host;
    });
}

Bytes encode(const CreateRequest& request) {
    PayloadWriter out;
    out.text(request.agent).u8(static_cast<std::uint8_t>(request.backend));
    out.u8(static_cast<std::uint8_t>(request.algorithm)).text(request.token);
    return out.take();
}

Result<CreateRequest> decode_create(ByteView payload) {
    return whole<CreateRequest>(payload, [](PayloadReader& in) -> Result<CreateRequest> {
        HOLDFAST_TRY(agent, in.text());
        HOLDFAST_TRY(backend, get_one(in, Backend::tpm, Backend::pkcs11, "backend"));
        HOLDFAST_TRY(algorithm, get_algorithm(in));
        HOLDFAST_TRY(token, in.text());
        return CreateRequest{std::move(agent), backend, algorithm, std::move(token)};
    });
}

}  // namespace holdfast::daemon
