#include "daemon/link/messages.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::daemon {
namespace {

// Operation, number of descriptors, id, deadline.
constexpr std::size_t header_size = 2 + 2 + 8 + 8;
constexpr std::size_t control_size = CMSG_SPACE(sizeof(int) * max_descriptors);

void append_integer(Bytes& out, std::uint64_t value, std::size_t size) {
    for (std::size_t i = size; i-- > 0;)
        out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t integer_of(ByteView bytes) {
    std::uint64_t value = 0;
    for (const auto byte : bytes)
        value = value << 8U | byte;
    return value;
}

Bytes datagram_of(const Message& message) {
    Bytes datagram;
    datagram.reserve(header_size + message.payload.size());
    append_integer(datagram, static_cast<std::uint16_t>(message.operation), 2);
    append_integer(datagram, message.descriptors.size(), 2);
    append_integer(datagram, message.id, 8);
    append_integer(datagram, message.deadline_ns, 8);
    datagram.insert(datagram.end(), message.payload.begin(), message.payload.end());
    return datagram;
}

Error failed(const char* step) {
    if (errno == EAGAIN || errno == EWOULDBLOCK)
        return Error(Code::busy, std::string(step) + ": would block", Retry::later);
    if (errno == EPIPE || errno == ECONNRESET)
        return Error(Code::not_found, std::string(step) + ": the other end is closed");
    return Error(Code::unavailable,
                 std::string(step) + ": " + std::generic_category().message(errno), Retry::later);
}

Error malformed(const char* what) {
    return Error(Code::invalid, std::string("link: malformed message: ") + what);
}

void attach_descriptors(msghdr& header, const std::vector<Descriptor>& descriptors) {
    cmsghdr* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = SOL_SOCKET;
    control->cmsg_type = SCM_RIGHTS;
    control->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
    std::uint8_t* place = CMSG_DATA(control);
    for (const auto& descriptor : descriptors) {
        const int number = descriptor.get();
        std::memcpy(place, &number, sizeof number);
        place += sizeof number;
    }
}

// Takes ownership of every descriptor that came, so that none leaks whatever is wrong besides.
std::vector<Descriptor> take_descriptors(msghdr& header) {
    std::vector<Descriptor> taken;
    for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
         control = CMSG_NXTHDR(&header, control)) {
        if (control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (control->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        const std::uint8_t* place = CMSG_DATA(control);
        for (std::size_t i = 0; i < count; ++i, place += sizeof(int)) {
            int number = -1;
            std::memcpy(&number, place, sizeof number);
            taken.emplace_back(number);
        }
    }
    return taken;
}

Result<Message> message_of(ByteView datagram, std::vector<Descriptor> descriptors) {
    if (datagram.size() < header_size) return malformed("shorter than its header");
    if (integer_of(datagram.subspan(2, 2)) != descriptors.size())
        return malformed("number of descriptors");
    Message message;
    message.operation = static_cast<Operation>(integer_of(datagram.subspan(0, 2)));
    message.id = integer_of(datagram.subspan(4, 8));
    message.deadline_ns = integer_of(datagram.subspan(12, 8));
    message.payload = bytes_of(datagram.subspan(header_size));
    message.descriptors = std::move(descriptors);
    return message;
}

}  // namespace

Done send_message(int socket, const Message& message) {
    if (message.payload.size() > max_payload || message.descriptors.size() > max_descriptors)
        return Error(Code::invalid, "link: message too large");
    Bytes datagram = datagram_of(message);
    iovec piece{datagram.data(), datagram.size()};
    alignas(cmsghdr) std::array<std::uint8_t, control_size> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    if (!message.descriptors.empty()) {
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(sizeof(int) * message.descriptors.size());
        attach_descriptors(header, message.descriptors);
    }
    for (;;) {
        if (::sendmsg(socket, &header, MSG_NOSIGNAL) >= 0) return done();
        if (errno != EINTR) return failed("link: send");
    }
}

Result<Message> receive_message(int socket) {
    // One byte more than allowed, so that a longer datagram shows itself.
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): costs more than all else here.
    std::array<std::uint8_t, header_size + max_payload + 1> datagram;
    iovec piece{datagram.data(), datagram.size()};
    alignas(cmsghdr) std::array<std::uint8_t, control_size> control{};
    msghdr header{};
    header.msg_iov = &piece;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    ssize_t size = -1;
    do {
        size = ::recvmsg(socket, &header, MSG_CMSG_CLOEXEC);
    } while (size < 0 && errno == EINTR);
    if (size < 0) return failed("link: receive");

    auto descriptors = take_descriptors(header);
    // Nobody here sends empty datagrams, and the end of a SEQPACKET stream reads as one.
    if (size == 0) return Error(Code::not_found, "link: the other end is closed");
    if ((header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) return malformed("cut off");
    const auto bytes = ByteView(datagram).first(static_cast<std::size_t>(size));
    if (bytes.size() > header_size + max_payload) return malformed("too large");
    return message_of(bytes, std::move(descriptors));
}

PayloadWriter& PayloadWriter::u8(std::uint8_t value) {
    out_.push_back(value);
    return *this;
}

PayloadWriter& PayloadWriter::u32(std::uint32_t value) {
    append_integer(out_, value, 4);
    return *this;
}

PayloadWriter& PayloadWriter::u64(std::uint64_t value) {
    append_integer(out_, value, 8);
    return *this;
}

PayloadWriter& PayloadWriter::bytes(ByteView value) {
    append_integer(out_, value.size(), 4);
    out_.insert(out_.end(), value.begin(), value.end());
    return *this;
}

PayloadWriter& PayloadWriter::text(std::string_view value) {
    return bytes(view_of(value));
}

Result<ByteView> PayloadReader::take(std::size_t size) {
    if (size > rest_.size()) return malformed("payload ends early");
    const auto taken = rest_.first(size);
    rest_ = rest_.subspan(size);
    return taken;
}

Result<std::uint8_t> PayloadReader::u8() {
    HOLDFAST_TRY(taken, take(1));
    return taken.front();
}

Result<std::uint32_t> PayloadReader::u32() {
    HOLDFAST_TRY(taken, take(4));
    return static_cast<std::uint32_t>(integer_of(taken));
}

Result<std::uint64_t> PayloadReader::u64() {
    HOLDFAST_TRY(taken, take(8));
    return integer_of(taken);
}

Result<Bytes> PayloadReader::bytes() {
    HOLDFAST_TRY(size, u32());
    HOLDFAST_TRY(taken, take(size));
    return bytes_of(taken);
}

Result<std::string> PayloadReader::text() {
    HOLDFAST_TRY(size, u32());
    HOLDFAST_TRY(taken, take(size));
    return std::string(text_of(taken));
}

Done PayloadReader::finish() const {
    if (!rest_.empty()) return malformed("bytes left over");
    return done();
}

}  // namespace holdfast::daemon
