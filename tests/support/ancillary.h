// Bytes on a Unix socket with one kind of ancillary data beside them (unix(7)): what a caller may
// add of its own accord, and the daemon must not believe or keep.
#ifndef HOLDFAST_TESTS_SUPPORT_ANCILLARY_H
#define HOLDFAST_TESTS_SUPPORT_ANCILLARY_H

#include <sys/socket.h>

#include <cstring>
#include <span>
#include <string_view>
#include <vector>

namespace holdfast::test {

// `type` is SCM_RIGHTS with descriptors (int), or SCM_CREDENTIALS with one ucred.
template <class T>
bool send_beside(int socket, std::string_view bytes, int type, std::span<const T> beside) {
    std::vector<char> control(CMSG_SPACE(beside.size_bytes()));
    iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* const header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(beside.size_bytes());
    std::memcpy(CMSG_DATA(header), beside.data(), beside.size_bytes());
    return ::sendmsg(socket, &message, MSG_NOSIGNAL) > 0;
}

// As root any name, else one's own.
inline bool send_as(int socket, std::string_view bytes, const ucred& sender) {
    return send_beside(socket, bytes, SCM_CREDENTIALS, std::span(&sender, 1));
}

inline bool send_with_descriptors(int socket, std::string_view bytes,
                                  std::span<const int> descriptors) {
    return send_beside(socket, bytes, SCM_RIGHTS, descriptors);
}

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_ANCILLARY_H
