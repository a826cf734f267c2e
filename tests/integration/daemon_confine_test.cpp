// What a confined process can still open, tried in a child of the test's.
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "daemon/confine.h"
#include "tests/support/catch.h"

using namespace holdfast;
using namespace holdfast::daemon;

namespace {

enum class Outcome : int { opened = 0, refused = 1, other = 2, not_confined = 3 };

template <class Try>
Outcome in_child(Done (*confine)(), const Try& attempt) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        (void)::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        ::_exit(static_cast<int>(confine() ? attempt() : Outcome::not_confined));
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFEXITED(status));
    return static_cast<Outcome>(WEXITSTATUS(status));
}

Outcome socket_of(Done (*confine)(), int family) {
    return in_child(confine, [family] {
        if (::socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0) >= 0) return Outcome::opened;
        return errno == EACCES ? Outcome::refused : Outcome::other;
    });
}

}  // namespace

TEST_CASE("confined: a process without network opens local sockets and no others",
          "[daemon][confine]") {
    CHECK(socket_of(confine_process, AF_UNIX) == Outcome::opened);
    for (const int family : {AF_INET, AF_INET6, AF_NETLINK, AF_PACKET, AF_VSOCK})
        CHECK(socket_of(confine_process, family) == Outcome::refused);
}

TEST_CASE("confined: the worker of a PKCS#11 module may reach its HSM, and nothing odd",
          "[daemon][confine]") {
    for (const int family : {AF_UNIX, AF_INET})
        CHECK(socket_of(confine_but_for_network, family) == Outcome::opened);
    // The kernel here may not have these; the filter has nothing against them.
    for (const int family : {AF_INET6, AF_NETLINK})
        CHECK(socket_of(confine_but_for_network, family) != Outcome::refused);
    for (const int family : {AF_UNSPEC, AF_AX25, AF_X25, AF_KEY, AF_PACKET, AF_ALG, AF_VSOCK})
        CHECK(socket_of(confine_but_for_network, family) == Outcome::refused);
}

TEST_CASE("confined: no other program is started, with network or without", "[daemon][confine]") {
    for (Done (*confine)() : {confine_process, confine_but_for_network})
        CHECK(in_child(confine, [] {
                  std::array<char*, 1> nothing{nullptr};
                  (void)::execve("/bin/true", nothing.data(), nothing.data());
                  return errno == EPERM ? Outcome::refused : Outcome::other;
              }) == Outcome::refused);
}
