#include "daemon/link/codec.h"
#include "tests/support/catch.h"
#include "tests/support/link_samples.h"

using holdfast::Bytes;
using holdfast::Code;
using namespace holdfast::daemon;
using holdfast::test::a_file;
using holdfast::test::a_request;

TEST_CASE("codec: an error's text holds at its bound and is refused one past it",
          "[daemon][link][codec]") {
    const auto decoded = [](std::size_t text, std::size_t reason) {
        PayloadWriter out;
        out.u8(1).u8(static_cast<std::uint8_t>(Code::denied)).u8(0);
        out.text(std::string(text, 'x')).text(std::string(reason, 'y'));
        Message message;
        message.payload = out.take();
        return decode_reply(std::move(message)).has_value();
    };
    CHECK(decoded(max_error_text, max_error_text));
    CHECK_FALSE(decoded(max_error_text + 1, 0));
    CHECK_FALSE(decoded(0, max_error_text + 1));
}

TEST_CASE("codec: a reply too large for a message travels as sealed memory",
          "[daemon][link][codec]") {
    for (const std::size_t size : {max_payload / 2 - 1, max_payload / 2, max_payload * 3}) {
        Reply reply;
        reply.body = Bytes(size, 6);
        reply.descriptors.push_back(a_file());
        auto message = encode_reply(a_request(), std::move(reply));
        CHECK(message.payload.size() <= max_payload);
        auto answer = decode_reply(std::move(message));
        REQUIRE(answer);
        REQUIRE(*answer);
        CHECK((*answer)->body == Bytes(size, 6));
        CHECK((*answer)->descriptors.size() == 1);
    }
}

TEST_CASE("codec: a reply holds at its bound and fails one past it", "[daemon][link][codec]") {
    Reply reply;
    reply.body = Bytes(max_reply);
    REQUIRE(*decode_reply(encode_reply(a_request(), std::move(reply))));
    Reply larger;
    larger.body = Bytes(max_reply + 1);
    const auto refused = decode_reply(encode_reply(a_request(), std::move(larger)));
    REQUIRE(refused);
    REQUIRE_FALSE(*refused);
    CHECK(refused->error().code() == Code::internal);
}

TEST_CASE("codec: a sealed reply needs its memory, and an ordinary file is none",
          "[daemon][link][codec]") {
    Message bare;
    bare.payload = {2};
    CHECK_FALSE(decode_reply(std::move(bare)));
    Message file;
    file.payload = {2};
    file.descriptors.push_back(a_file());
    CHECK_FALSE(decode_reply(std::move(file)));
    Message unknown;
    unknown.payload = {3};
    CHECK_FALSE(decode_reply(std::move(unknown)));
}
