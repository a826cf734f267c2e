// What the links carry of the anchor counter.
#include <string>

#include "daemon/link/codec.h"
#include "tests/support/catch.h"

using namespace holdfast::daemon;
using holdfast::ByteView;

namespace {

// No prefix of a payload and no payload with a byte more may be read as one.
template <class Decode>
void check_strict(holdfast::Bytes payload, Decode decode) {
    REQUIRE(decode(ByteView(payload)));
    for (std::size_t size = 0; size < payload.size(); ++size)
        REQUIRE_FALSE(decode(ByteView(payload).first(size)));
    payload.push_back(0);
    REQUIRE_FALSE(decode(ByteView(payload)));
}

}  // namespace

TEST_CASE("codec: what the anchor counter said comes back, and is read strictly",
          "[daemon][link][codec][anchor]") {
    using holdfast::AnchorReading;
    using holdfast::AnchorState;
    const auto reads = [](const AnchorReading& reading) {
        const auto back = decode_anchor(encode(reading));
        return back && *back == reading;
    };
    CHECK(reads({AnchorState::ready, 1, "odd"}));
    CHECK(reads({AnchorState::ready, holdfast::max_anchor_value, ""}));
    CHECK_FALSE(reads({AnchorState::ready, holdfast::max_anchor_value + 1, ""}));
    CHECK_FALSE(reads({AnchorState::ready, 0, ""}));
    CHECK(reads({AnchorState::absent, 0, std::string(max_error_text, 'x')}));
    CHECK_FALSE(reads({AnchorState::absent, 0, std::string(max_error_text + 1, 'x')}));
    CHECK_FALSE(reads({AnchorState::absent, 1, ""}));
    CHECK_FALSE(reads({static_cast<AnchorState>(2), 1, ""}));
    check_strict(encode(AnchorReading{AnchorState::ready, 7, "odd"}),
                 [](ByteView view) { return decode_anchor(view).has_value(); });
}

TEST_CASE("codec: where the anchor counter is to go fits a record", "[daemon][link][anchor]") {
    CHECK(*decode_anchor_value(encode_anchor_value(0)) == 0);
    CHECK(*decode_anchor_value(encode_anchor_value(holdfast::max_anchor_value)) ==
          holdfast::max_anchor_value);
    CHECK_FALSE(decode_anchor_value(encode_anchor_value(holdfast::max_anchor_value + 1)));
    check_strict(encode_anchor_value(7),
                 [](ByteView view) { return decode_anchor_value(view).has_value(); });
}
