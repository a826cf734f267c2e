#include <fcntl.h>
#include <sys/socket.h>

#include <array>

#include "daemon/link/messages.h"
#include "daemon/sealed.h"
#include "tests/support/catch.h"

using holdfast::Bytes;
using holdfast::ByteView;
using holdfast::Code;
using holdfast::Descriptor;
using namespace holdfast::daemon;

namespace {

struct Pair {
    Pair() {
        std::array<int, 2> ends{};
        REQUIRE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) == 0);
        a = Descriptor(ends[0]);
        b = Descriptor(ends[1]);
    }
    Descriptor a, b;
};

Message a_message() {
    Message message;
    message.id = 0x0102030405060708;
    message.operation = Operation::sign;
    message.deadline_ns = 0xfffefdfcfbfaf9f8;
    message.payload = {1, 2, 3};
    return message;
}

void send_raw(int socket, ByteView bytes) {
    REQUIRE(::send(socket, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
}

// What a_message() looks like on the wire.
const Bytes wire{0,    19,   0,    0,    1,    2,    3,    4,    5, 6, 7, 8,
                 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8, 1, 2, 3};

}  // namespace

TEST_CASE("link message: arrives as it was sent", "[daemon][link]") {
    Pair link;
    REQUIRE(send_message(link.a.get(), a_message()));
    const auto got = receive_message(link.b.get());
    REQUIRE(got);
    CHECK(got->id == a_message().id);
    CHECK(got->operation == Operation::sign);
    CHECK(got->deadline_ns == a_message().deadline_ns);
    CHECK(got->payload == a_message().payload);
    CHECK(got->descriptors.empty());
}

TEST_CASE("link message: the layout on the wire is fixed", "[daemon][link]") {
    Pair link;
    REQUIRE(send_message(link.a.get(), a_message()));
    Bytes got(100);
    got.resize(static_cast<std::size_t>(::recv(link.b.get(), got.data(), got.size(), 0)));
    CHECK(got == wire);
}

TEST_CASE("link message: every truncated header is refused", "[daemon][link]") {
    Pair link;
    for (std::size_t size = 1; size < 20; ++size) {
        send_raw(link.a.get(), ByteView(wire).first(size));
        const auto got = receive_message(link.b.get());
        REQUIRE_FALSE(got);
        CHECK(got.error().code() == Code::invalid);
    }
}

TEST_CASE("link message: the largest payload passes, one byte more does not", "[daemon][link]") {
    Pair link;
    auto message = a_message();
    message.payload = Bytes(max_payload, 7);
    REQUIRE(send_message(link.a.get(), message));
    const auto got = receive_message(link.b.get());
    REQUIRE(got);
    CHECK(got->payload.size() == max_payload);
    message.payload.push_back(7);
    CHECK_FALSE(send_message(link.a.get(), message));

    Bytes too_large = wire;
    too_large.resize(20 + max_payload + 1);
    send_raw(link.a.get(), too_large);
    REQUIRE_FALSE(receive_message(link.b.get()));
    too_large.resize(20 + max_payload + 5000);
    send_raw(link.a.get(), too_large);
    const auto cut = receive_message(link.b.get());
    REQUIRE_FALSE(cut);
    CHECK(cut.error().code() == Code::invalid);
}

TEST_CASE("link message: 253 descriptors pass, close-on-exec, and 254 do not", "[daemon][link]") {
    Pair link;
    auto message = a_message();
    for (std::size_t i = 0; i < max_descriptors; ++i)
        message.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    REQUIRE(send_message(link.a.get(), message));
    const auto got = receive_message(link.b.get());
    REQUIRE(got);
    REQUIRE(got->descriptors.size() == max_descriptors);
    for (const auto& descriptor : got->descriptors)
        REQUIRE(::fcntl(descriptor.get(), F_GETFD) == FD_CLOEXEC);
    message.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    CHECK_FALSE(send_message(link.a.get(), message));
}

TEST_CASE("link message: fewer descriptors than it says is malformed", "[daemon][link]") {
    Pair link;
    Bytes lies = wire;
    lies[3] = 1;
    send_raw(link.a.get(), lies);
    const auto got = receive_message(link.b.get());
    REQUIRE_FALSE(got);
    CHECK(got.error().code() == Code::invalid);
}

TEST_CASE("link message: a closed end reads as not_found, an idle one as busy", "[daemon][link]") {
    Pair link;
    REQUIRE(::fcntl(link.b.get(), F_SETFL, O_NONBLOCK) == 0);
    const auto idle = receive_message(link.b.get());
    REQUIRE_FALSE(idle);
    CHECK(idle.error().code() == Code::busy);
    Pair ended;
    {
        const Descriptor closed = std::move(ended.a);
    }
    const auto end = receive_message(ended.b.get());
    REQUIRE_FALSE(end);
    CHECK(end.error().code() == Code::not_found);
    const auto sent = send_message(ended.b.get(), a_message());
    REQUIRE_FALSE(sent);
    CHECK(sent.error().code() == Code::not_found);
}

TEST_CASE("payload: fields come back in order, and nothing may be left over", "[daemon][link]") {
    PayloadWriter out;
    out.u8(1).u32(0x80000001).u64(0x8000000000000002).bytes(Bytes{9, 8}).text("abc");
    const Bytes payload = out.take();
    PayloadReader in(payload);
    CHECK(*in.u8() == 1);
    CHECK(*in.u32() == 0x80000001);
    CHECK(*in.u64() == 0x8000000000000002);
    CHECK(*in.bytes() == Bytes{9, 8});
    CHECK_FALSE(in.finish());
    CHECK(*in.text() == "abc");
    CHECK(in.finish());
    CHECK_FALSE(in.u8());
}

TEST_CASE("payload: a length past the end is refused before anything is copied", "[daemon][link]") {
    const Bytes payload{0xff, 0xff, 0xff, 0xff, 1};
    PayloadReader in(payload);
    CHECK_FALSE(in.bytes());
    PayloadReader again(payload);
    CHECK_FALSE(again.text());
}

TEST_CASE("sealed memory: reads back, cannot be written or resized", "[daemon][sealed]") {
    const Bytes content(100'000, 42);
    const auto memory = seal(content, "test");
    REQUIRE(memory);
    CHECK(*read_sealed(memory->get(), content.size()) == content);
    CHECK_FALSE(read_sealed(memory->get(), content.size() - 1));
    CHECK(::write(memory->get(), "x", 1) == -1);
    CHECK(::ftruncate(memory->get(), 1) == -1);
}

TEST_CASE("sealed memory: an ordinary file does not pass for it", "[daemon][sealed]") {
    const Descriptor file(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    const auto read = read_sealed(file.get(), 1UL << 30U);
    REQUIRE_FALSE(read);
    CHECK(read.error().code() == Code::invalid);
}
