#include "daemon/link/codec.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace holdfast::daemon {
namespace {

// How many of a kind one payload may hold; each is also bounded by the payload itself.
constexpr std::uint32_t max_certificates = 16;
constexpr std::uint32_t max_pcrs = 24;
constexpr std::uint32_t max_keys = 8192;

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed payload: ") + what);
}

// ── pieces that several payloads share ──────────────────────────────────────────────────────────

void put(PayloadWriter& out, const Fuse& fuse) {
    out.u8(static_cast<std::uint8_t>(fuse.kind)).u32(fuse.nv_index).u64(fuse.value);
    out.bytes(fuse.nv_public);
}

Result<Fuse> get_fuse(PayloadReader& in) {
    Fuse fuse;
    HOLDFAST_TRY(kind, in.u8());
    if (kind > static_cast<std::uint8_t>(FuseKind::host)) return malformed("kind of fuse");
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
    out.bytes(key.spki).bytes(key.tpm_public).bytes(key.name);
    put(out, key.agent_fuse);
    put(out, key.host_fuse);
}

Result<KeyDescription> get_key(PayloadReader& in) {
    KeyDescription key;
    HOLDFAST_TRY(id, in.text());
    key.id = std::move(id);
    HOLDFAST_TRY(agent, in.text());
    key.agent = std::move(agent);
    HOLDFAST_TRY(purpose, in.u8());
    if (purpose < static_cast<std::uint8_t>(Purpose::action) ||
        purpose > static_cast<std::uint8_t>(Purpose::attest))
        return malformed("purpose");
    key.purpose = static_cast<Purpose>(purpose);
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

void put(PayloadWriter& out, const std::vector<Bytes>& list) {
    out.u32(static_cast<std::uint32_t>(list.size()));
    for (const auto& item : list)
        out.bytes(item);
}

Result<std::vector<Bytes>> get_certificates(PayloadReader& in) {
    HOLDFAST_TRY(count, in.u32());
    if (count > max_certificates) return malformed("number of certificates");
    std::vector<Bytes> list;
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(item, in.bytes());
        list.push_back(std::move(item));
    }
    return list;
}

Result<Sha256> get_sha256(PayloadReader& in) {
    HOLDFAST_TRY(bytes, in.bytes());
    Sha256 digest{};
    if (bytes.size() != digest.size()) return malformed("digest");
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

void put(PayloadWriter& out, const Attested& attested) {
    out.bytes(attested.attest).bytes(attested.signature);
}

Result<Attested> get_attested(PayloadReader& in) {
    Attested attested;
    HOLDFAST_TRY(attest, in.bytes());
    attested.attest = std::move(attest);
    HOLDFAST_TRY(signature, in.bytes());
    attested.signature = std::move(signature);
    return attested;
}

Result<std::map<std::uint8_t, Sha256>> get_pcrs(PayloadReader& in) {
    HOLDFAST_TRY(count, in.u32());
    if (count > max_pcrs) return malformed("number of PCRs");
    std::map<std::uint8_t, Sha256> pcrs;
    for (std::uint32_t i = 0; i < count; ++i) {
        HOLDFAST_TRY(index, in.u8());
        HOLDFAST_TRY(value, get_sha256(in));
        // In ascending order, so that there is one encoding and no PCR twice.
        if (!pcrs.empty() && index <= pcrs.rbegin()->first) return malformed("order of PCRs");
        pcrs.emplace(index, value);
    }
    return pcrs;
}

// Runs a reader over a whole payload: nothing may be left over.
template <class T>
Result<T> whole(ByteView payload, Result<T> (*get)(PayloadReader&)) {
    PayloadReader in(payload);
    HOLDFAST_TRY(value, get(in));
    HOLDFAST_CHECK(in.finish());
    return value;
}

}  // namespace

const char* name_of(WorkerKind kind) noexcept {
    switch (kind) {
        case WorkerKind::keys: return "keys-tpm";
        case WorkerKind::measurer: return "measurer";
        case WorkerKind::launcher: return "launcher";
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
        HOLDFAST_TRY(kind, in.u8());
        if (kind < static_cast<std::uint8_t>(WorkerKind::keys) ||
            kind > static_cast<std::uint8_t>(WorkerKind::launcher))
            return malformed("kind of worker");
        HOLDFAST_TRY(generation, in.u64());
        return WorkerId{static_cast<WorkerKind>(kind), generation};
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
    out.u8(static_cast<std::uint8_t>(host.custody)).text(host.manufacturer);
    put(out, host.ek_certificates);
    out.bytes(host.ek_public).bytes(host.ak_public);
    put(out, host.ca);
    put(out, host.ledger);
    out.bytes(host.ca_certificate).bytes(encode(host.event_register));
    return out.take();
}

Result<HostIdentity> decode_host(ByteView payload) {
    return whole<HostIdentity>(payload, [](PayloadReader& in) -> Result<HostIdentity> {
        HostIdentity host;
        HOLDFAST_TRY(custody, in.u8());
        if (custody < static_cast<std::uint8_t>(Custody::unproven) ||
            custody > static_cast<std::uint8_t>(Custody::tpm_virtual))
            return malformed("custody");
        host.custody = static_cast<Custody>(custody);
        HOLDFAST_TRY(manufacturer, in.text());
        host.manufacturer = std::move(manufacturer);
        HOLDFAST_TRY(certificates, get_certificates(in));
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

Bytes encode(const TpmEvidence& evidence) {
    PayloadWriter out;
    put(out, evidence.ek_certificates);
    out.bytes(evidence.ek_public).bytes(evidence.ak_public);
    out.u32(static_cast<std::uint32_t>(evidence.pcrs.size()));
    for (const auto& [index, value] : evidence.pcrs)
        out.u8(index).bytes(value);
    put(out, evidence.quote);
    put(out, evidence.key);
    put(out, evidence.key_certified);
    put(out, evidence.agent_fuse_certified);
    put(out, evidence.host_fuse_certified);
    out.bytes(encode(evidence.event_register));
    return out.take();
}

Result<TpmEvidence> decode_evidence(ByteView payload) {
    return whole<TpmEvidence>(payload, [](PayloadReader& in) -> Result<TpmEvidence> {
        TpmEvidence evidence;
        HOLDFAST_TRY(certificates, get_certificates(in));
        evidence.ek_certificates = std::move(certificates);
        HOLDFAST_TRY(ek_public, in.bytes());
        evidence.ek_public = std::move(ek_public);
        HOLDFAST_TRY(ak_public, in.bytes());
        evidence.ak_public = std::move(ak_public);
        HOLDFAST_TRY(pcrs, get_pcrs(in));
        evidence.pcrs = std::move(pcrs);
        HOLDFAST_TRY(quote, get_attested(in));
        evidence.quote = std::move(quote);
        HOLDFAST_TRY(key, get_key(in));
        evidence.key = std::move(key);
        HOLDFAST_TRY(key_certified, get_attested(in));
        evidence.key_certified = std::move(key_certified);
        HOLDFAST_TRY(agent_fuse, get_attested(in));
        evidence.agent_fuse_certified = std::move(agent_fuse);
        HOLDFAST_TRY(host_fuse, get_attested(in));
        evidence.host_fuse_certified = std::move(host_fuse);
        HOLDFAST_TRY(shown, in.bytes());
        HOLDFAST_TRY(event_register, decode_register_evidence(shown));
        evidence.event_register = std::move(event_register);
        return evidence;
    });
}

}  // namespace holdfast::daemon
