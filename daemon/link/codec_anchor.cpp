// What the links carry of the anchor counter: what was read, and where it is to go.
#include "daemon/link/codec.h"

namespace holdfast::daemon {
namespace {

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed payload: ") + what);
}

}  // namespace

Bytes encode(const AnchorReading& reading) {
    PayloadWriter out;
    out.u8(static_cast<std::uint8_t>(reading.state)).u64(reading.value).text(reading.reason);
    return out.take();
}

Result<AnchorReading> decode_anchor(ByteView payload) {
    PayloadReader in(payload);
    AnchorReading reading;
    HOLDFAST_TRY(state, in.u8());
    if (state > static_cast<std::uint8_t>(AnchorState::ready)) return malformed("state");
    reading.state = static_cast<AnchorState>(state);
    HOLDFAST_TRY(value, in.u64());
    // A counter that was ever counted is not at 0.
    const bool has_value = reading.state == AnchorState::ready;
    if (has_value != (value != 0) || value > max_anchor_value) return malformed("value");
    reading.value = value;
    HOLDFAST_TRY(reason, in.text());
    if (reason.size() > max_error_text) return malformed("length of a reason");
    reading.reason = std::move(reason);
    HOLDFAST_CHECK(in.finish());
    return reading;
}

Bytes encode_anchor_value(std::uint64_t to) {
    PayloadWriter out;
    return out.u64(to).take();
}

Result<std::uint64_t> decode_anchor_value(ByteView payload) {
    PayloadReader in(payload);
    HOLDFAST_TRY(to, in.u64());
    if (to > max_anchor_value) return malformed("value");
    HOLDFAST_CHECK(in.finish());
    return to;
}

}  // namespace holdfast::daemon
