#include "bench/slow-tpm/sockets.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace holdfast::bench {
namespace {

constexpr int backlog = 64;

bool address_of(const std::string& path, ::sockaddr_un& address) noexcept {
    address = {};
    address.sun_family = AF_UNIX;
    if (path.empty() || path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    return true;
}

Descriptor unix_socket() noexcept {
    return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Error failed(const std::string& path, int cause) {
    return {Code::unavailable, path + ": " + std::generic_category().message(cause), Retry::never};
}

void remove_left_over(const std::string& path) noexcept {
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) == 0 && S_ISSOCK(facts.st_mode)) (void)::unlink(path.c_str());
}

bool is_only_late(int cause) noexcept {
    return cause == EAGAIN || cause == EINTR;
}

}  // namespace

Result<Descriptor> listen_at(const std::string& path) {
    ::sockaddr_un address = {};
    if (!address_of(path, address)) return failed(path, ENAMETOOLONG);
    Descriptor listener = unix_socket();
    remove_left_over(path);
    const ::mode_t before = ::umask(0077);
    const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
    const bool is_bound = ::bind(listener.get(), generic, sizeof address) == 0;
    const int cause = errno;
    (void)::umask(before);
    if (!is_bound) return failed(path, cause);
    if (::listen(listener.get(), backlog) != 0) return failed(path, errno);
    return listener;
}

Descriptor connect_to(const std::string& path) noexcept {
    ::sockaddr_un address = {};
    if (!address_of(path, address)) return {};
    Descriptor socket = unix_socket();
    const auto* generic = reinterpret_cast<const ::sockaddr*>(&address);
    if (::connect(socket.get(), generic, sizeof address) != 0) return {};
    return socket;
}

Descriptor accept_from(const Descriptor& listener) noexcept {
    return Descriptor(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

bool receive_some(const Descriptor& socket, Bytes& into, std::size_t most) {
    const std::size_t before = into.size();
    into.resize(std::max(most, before));
    const auto got = ::recv(socket.get(), into.data() + before, into.size() - before, 0);
    const int cause = errno;
    into.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    return got > 0 || (got < 0 && is_only_late(cause));
}

bool send_some(const Descriptor& socket, Bytes& pending) {
    const auto sent = ::send(socket.get(), pending.data(), pending.size(), MSG_NOSIGNAL);
    if (sent < 0) return is_only_late(errno);
    pending.erase(pending.begin(), pending.begin() + sent);
    return true;
}

}  // namespace holdfast::bench
