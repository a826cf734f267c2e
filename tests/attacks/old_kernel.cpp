// Linux before 6.5: getsockopt does not know SO_PEERPIDFD. A filter says so in its place.
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"

namespace holdfast::attacks {
namespace {

constexpr unsigned so_peerpidfd = 77;

// The low half of an argument, on machines that put it first.
constexpr sock_filter load(std::size_t offset) {
    return {BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<unsigned>(offset)};
}

// Goes on where it is equal, else skips.
constexpr sock_filter unless(unsigned value, unsigned char skip) {
    return {BPF_JMP | BPF_JEQ | BPF_K, 0, skip, value};
}

constexpr sock_filter answer(unsigned with) {
    return {BPF_RET | BPF_K, 0, 0, with};
}

}  // namespace

void old_kernel(Arguments program) {
    std::array filter = {
        load(offsetof(seccomp_data, nr)),
        unless(SYS_getsockopt, 5),
        load(offsetof(seccomp_data, args) + sizeof(__u64)),  // level
        unless(SOL_SOCKET, 3),
        load(offsetof(seccomp_data, args) + 2 * sizeof(__u64)),  // option
        unless(so_peerpidfd, 1),
        answer(SECCOMP_RET_ERRNO | ENOPROTOOPT),
        answer(SECCOMP_RET_ALLOW),
    };
    const sock_fprog rules{filter.size(), filter.data()};
    require(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &rules) == 0, "seccomp");
    become(program);
}

}  // namespace holdfast::attacks
