#include "daemon/callers/peer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include "attest/measure/process_directory.h"

#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77  // Linux 6.5, not in Debian 12's headers
#endif

namespace holdfast::daemon {
namespace {

constexpr std::size_t max_descriptors_in_chunk = 253;  // SCM_MAX_FD
constexpr attest::TextBound loginuid_bound{32, "unrecognised_caller"};
constexpr std::string_view groups_line = "\nGroups:\t";
constexpr std::string_view no_login_uid = "4294967295";

Error socket_error(const char* step) {
    return {Code::unavailable, std::string(step) + ": " + std::generic_category().message(errno)};
}

Error denied(std::string text, const char* reason) {
    return Error(Code::denied, std::move(text)).because(reason);
}

// The pidfd the kernel kept at connect; nothing when this kernel has no such option.
std::optional<Descriptor> pidfd_of_peer(int socket) {
    int pidfd = -1;
    socklen_t size = sizeof(pidfd);
    const int asked = ::getsockopt(socket, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size);
    if (asked != 0 && errno == ENOPROTOOPT) return std::nullopt;
    return Descriptor(asked == 0 ? pidfd : -1);
}

Descriptor pidfd_of(pid_t pid) {
    return Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
}

// What came beside the bytes of one recvmsg.
struct Ancillary {
    std::optional<ucred> sender;
    bool descriptors = false;
};

void close_all(const cmsghdr& header) {
    const std::size_t count = (header.cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
        int descriptor = -1;
        std::memcpy(&descriptor, CMSG_DATA(&header) + i * sizeof(int), sizeof(int));
        (void)::close(descriptor);
    }
}

Ancillary read_ancillary(msghdr& message) {
    Ancillary found;
    for (auto* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(&message, header)) {
        if (header->cmsg_level != SOL_SOCKET) continue;
        if (header->cmsg_type == SCM_RIGHTS) {
            close_all(*header);
            found.descriptors = true;
        } else if (header->cmsg_type == SCM_CREDENTIALS) {
            ucred sender{};
            std::memcpy(&sender, CMSG_DATA(header), sizeof(sender));
            found.sender = sender;
        }
    }
    return found;
}

Done check_chunk(const Ancillary& ancillary, int flags, const Peer& peer) {
    if (ancillary.descriptors || (flags & MSG_CTRUNC) != 0)
        return Error(Code::invalid, "descriptors are not accepted on this socket")
            .because("malformed_request");
    const auto& sender = ancillary.sender;
    if (!sender || sender->pid == 0 || sender->pid != peer.pid || sender->uid != peer.uid)
        return denied("these bytes were not sent by the process that connected", "foreign_sender");
    return done();
}

}  // namespace

Done ask_for_senders(int socket) {
    const int on = 1;
    if (::setsockopt(socket, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) != 0)
        return socket_error("SO_PASSCRED");
    return done();
}

Result<ucred> named_peer(int socket) {
    ucred connected{};
    socklen_t size = sizeof(connected);
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &connected, &size) != 0)
        return socket_error("SO_PEERCRED");
    return connected;
}

Result<Peer> peer_of(int socket) {
    HOLDFAST_TRY(connected, named_peer(socket));
    if (connected.pid <= 0 || connected.uid == unmapped_uid)
        return denied("the caller is of another pid or user namespace", "unrecognised_caller");
    HOLDFAST_CHECK(ask_for_senders(socket));

    auto kept = pidfd_of_peer(socket);
    const bool pid_reuse_excluded = kept.has_value();
    Peer peer{connected.pid, connected.uid, connected.gid,
              kept ? *std::move(kept) : pidfd_of(connected.pid), pid_reuse_excluded};
    if (!peer.pidfd) return denied("the caller has ended", "caller_gone");
    HOLDFAST_CHECK(still_alive(peer));
    return peer;
}

Done still_alive(const Peer& peer) {
    return attest::check_alive(peer.pidfd.get());
}

Result<std::size_t> receive_from(int socket, const Peer& peer, void* data, std::size_t size) {
    iovec piece{data, size};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(ucred)) +
                                          CMSG_SPACE(max_descriptors_in_chunk * sizeof(int))>
        control{};
    msghdr message{};
    message.msg_iov = &piece;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const auto got = ::recvmsg(socket, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return Error(Code::busy, "nothing to read");
    if (got < 0) return socket_error("recvmsg");
    const auto ancillary = read_ancillary(message);
    if (got == 0) return std::size_t{0};
    HOLDFAST_CHECK(check_chunk(ancillary, message.msg_flags, peer));
    return static_cast<std::size_t>(got);
}

Result<std::vector<gid_t>> groups_of(const Peer& peer) {
    const std::string name = "/proc/" + std::to_string(peer.pid) + "/status";
    const Descriptor opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    if (!opened) return denied("the caller has ended", "caller_gone");
    HOLDFAST_TRY(text, attest::read_text(opened.get(), attest::status_bound));
    // Still alive: then the number above was its own.
    HOLDFAST_CHECK(still_alive(peer));
    const auto at = text.find(groups_line);
    if (at == std::string::npos) return Error(Code::internal, name + ": no Groups");
    const auto begin = at + groups_line.size();
    std::istringstream numbers(text.substr(begin, text.find('\n', begin) - begin));
    std::vector<gid_t> groups;
    for (gid_t group = 0; numbers >> group;)
        groups.push_back(group);
    return groups;
}

Result<std::string> principal_of(const Peer& peer) {
    const std::string name = "/proc/" + std::to_string(peer.pid) + "/loginuid";
    const Descriptor opened(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    std::string login;
    if (opened) {
        HOLDFAST_TRY(text, attest::read_text(opened.get(), loginuid_bound));
        login = text.substr(0, text.find('\n'));
    }
    // Still alive: then the number above was its own.
    HOLDFAST_CHECK(still_alive(peer));
    if (login.empty() || login == no_login_uid) return "uid:" + std::to_string(peer.uid);
    return "login:" + login;
}

}  // namespace holdfast::daemon
