// TpmEvidence in a payload.
#include <utility>

#include "daemon/link/codec.h"
#include "daemon/link/payload.h"

namespace holdfast::daemon {
namespace {

using payload::get_sha256;
using payload::malformed;
using payload::whole;

constexpr std::uint32_t max_pcrs = 24;

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

}  // namespace

Bytes encode(const TpmEvidence& evidence) {
    PayloadWriter out;
    payload::put_certificates(out, evidence.ek_certificates);
    out.bytes(evidence.ek_public).bytes(evidence.ak_public);
    out.u32(static_cast<std::uint32_t>(evidence.pcrs.size()));
    for (const auto& [index, value] : evidence.pcrs)
        out.u8(index).bytes(value);
    put(out, evidence.quote);
    out.bytes(encode(evidence.key));
    put(out, evidence.key_certified);
    put(out, evidence.agent_fuse_certified);
    put(out, evidence.host_fuse_certified);
    out.bytes(encode(evidence.event_register));
    return out.take();
}

Result<TpmEvidence> decode_evidence(ByteView payload) {
    return whole<TpmEvidence>(payload, [](PayloadReader& in) -> Result<TpmEvidence> {
        TpmEvidence evidence;
        HOLDFAST_TRY(certificates, payload::get_certificates(in));
        evidence.ek_certificates = std::move(certificates);
        HOLDFAST_TRY(ek_public, in.bytes());
        evidence.ek_public = std::move(ek_public);
        HOLDFAST_TRY(ak_public, in.bytes());
        evidence.ak_public = std::move(ak_public);
        HOLDFAST_TRY(pcrs, get_pcrs(in));
        evidence.pcrs = std::move(pcrs);
        HOLDFAST_TRY(quote, get_attested(in));
        evidence.quote = std::move(quote);
        HOLDFAST_TRY(key_bytes, in.bytes());
        HOLDFAST_TRY(key, decode_key(key_bytes));
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
