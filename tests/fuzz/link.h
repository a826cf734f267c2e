// Both ends of a link for its fuzz targets: a datagram goes in with descriptors, a message comes
// out.
#ifndef HOLDFAST_TESTS_FUZZ_LINK_H
#define HOLDFAST_TESTS_FUZZ_LINK_H

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <vector>

#include "daemon/link/messages.h"
#include "daemon/sealed.h"
#include "tests/fuzz/fuzz.h"

namespace holdfast::fuzz {

// The number the next descriptor would get: the same before and after, if none was leaked.
inline int next_descriptor() {
    const Descriptor probe(::fcntl(0, F_DUPFD_CLOEXEC, 3));
    return probe.get();
}

// The first byte says how many descriptors come along, the second what the last one is, the next
// two how long the datagram is; the rest is in the last descriptor, where that is memory.
struct Datagram {
    Bytes bytes;
    std::vector<Descriptor> descriptors;
};

inline Descriptor memory_with(ByteView content, bool sealed) {
    if (sealed) return *daemon::seal(content, "fuzz");
    Descriptor memory(::memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    promise(::write(memory.get(), content.data(), content.size()) >= 0, "(a memfd is there)");
    return memory;
}

inline Datagram datagram_from(Pieces input) {
    const std::size_t descriptors = input.byte() % 5U;
    const unsigned kind = input.byte() % 3U;
    Datagram datagram;
    datagram.bytes = bytes_of(input.take(input.number()));
    for (std::size_t i = 1; i < descriptors; ++i)
        datagram.descriptors.emplace_back(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (descriptors == 0) return datagram;
    datagram.descriptors.push_back(kind == 0 ? Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC))
                                             : memory_with(input.rest(), kind == 1));
    return datagram;
}

class Wire {
  public:
    Wire() {
        std::array<int, 2> ends{};
        const int made =
            ::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data());
        promise(made == 0, "(a socket pair is there)");
        near_ = Descriptor(ends[0]);
        far_ = Descriptor(ends[1]);
    }

    // As another process would send it, whatever it is.
    Result<daemon::Message> carry(const Datagram& datagram) const {
        Bytes bytes = datagram.bytes;
        iovec piece{bytes.data(), bytes.size()};
        alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int) * 8)> control{};
        msghdr header{};
        header.msg_iov = &piece;
        header.msg_iovlen = 1;
        if (!datagram.descriptors.empty()) attach(header, control, datagram.descriptors);
        promise(::sendmsg(near_.get(), &header, MSG_NOSIGNAL) >= 0, "(the socket takes it)");
        return daemon::receive_message(far_.get());
    }

    // What send_message makes of a message, as bytes.
    Bytes datagram_of(const daemon::Message& message) const {
        promise(daemon::send_message(near_.get(), message).has_value(),
                "what was received can be sent");
        Bytes bytes(daemon::max_payload * 2);
        const auto size = ::recv(far_.get(), bytes.data(), bytes.size(), 0);
        promise(size > 0, "(the socket gives it)");
        bytes.resize(static_cast<std::size_t>(size));
        return bytes;
    }

  private:
    template <class Control>
    static void attach(msghdr& header, Control& control,
                       const std::vector<Descriptor>& descriptors) {
        header.msg_control = control.data();
        header.msg_controllen = CMSG_SPACE(sizeof(int) * descriptors.size());
        cmsghdr* rights = CMSG_FIRSTHDR(&header);
        rights->cmsg_level = SOL_SOCKET;
        rights->cmsg_type = SCM_RIGHTS;
        rights->cmsg_len = CMSG_LEN(sizeof(int) * descriptors.size());
        std::uint8_t* place = CMSG_DATA(rights);
        for (const Descriptor& descriptor : descriptors) {
            const int number = descriptor.get();
            std::memcpy(place, &number, sizeof number);
            place += sizeof number;
        }
    }

    Descriptor near_, far_;
};

}  // namespace holdfast::fuzz

#endif  // HOLDFAST_TESTS_FUZZ_LINK_H
