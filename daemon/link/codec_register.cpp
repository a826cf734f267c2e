// What the links carry of the register: its position, its status, and what evidence says of it.
#include "daemon/link/codec.h"

namespace holdfast::daemon {
namespace {

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed payload: ") + what);
}

}  // namespace

Bytes encode(const RegisterPosition& position) {
    PayloadWriter out;
    return out.u64(position.events).take();
}

Result<RegisterPosition> decode_position(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(events, in.u64());
    HOLDFAST_CHECK(in.finish());
    return RegisterPosition{events};
}

Bytes encode(const RegisterStatus& status) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(status.state)).u64(status.events).u64(status.bytes);
    out.u32(status.nv_index).u8(status.anchor_pcr).text(status.reason);
    return out.take();
}

Result<RegisterStatus> decode_register(ByteView payload) {
    PayloadReader in(payload);
    RegisterStatus status;
    HOLDFAST_TRY(state, in.u8());
    if (state > static_cast<std::uint8_t>(RegisterState::broken)) return malformed("state");
    status.state = static_cast<RegisterState>(state);
    HOLDFAST_TRY(events, in.u64());
    status.events = events;
    HOLDFAST_TRY(bytes, in.u64());
    status.bytes = bytes;
    HOLDFAST_TRY(nv_index, in.u32());
    status.nv_index = nv_index;
    HOLDFAST_TRY(anchor_pcr, in.u8());
    status.anchor_pcr = anchor_pcr;
    HOLDFAST_TRY(reason, in.text());
    if (reason.size() > max_error_text) return malformed("length of a reason");
    status.reason = std::move(reason);
    HOLDFAST_CHECK(in.finish());
    return status;
}

Bytes encode(const std::optional<RegisterEvidence>& shown) {
    if (!shown) return {};
    PayloadWriter out;
    out.u8(shown->anchor_pcr).bytes(shown->nv_public);
    out.bytes(shown->certified.attest).bytes(shown->certified.signature).text(shown->log);
    return out.take();
}

Result<std::optional<RegisterEvidence>> decode_register_evidence(ByteView payload) {
    if (payload.empty()) return std::optional<RegisterEvidence>();
    PayloadReader in(payload);
    RegisterEvidence shown;
    HOLDFAST_TRY(anchor_pcr, in.u8());
    shown.anchor_pcr = anchor_pcr;
    HOLDFAST_TRY(nv_public, in.bytes());
    shown.nv_public = std::move(nv_public);
    HOLDFAST_TRY(attest, in.bytes());
    shown.certified.attest = std::move(attest);
    HOLDFAST_TRY(signature, in.bytes());
    shown.certified.signature = std::move(signature);
    HOLDFAST_TRY(log, in.text());
    shown.log = std::move(log);
    HOLDFAST_CHECK(in.finish());
    return std::optional(std::move(shown));
}

}  // namespace holdfast::daemon
