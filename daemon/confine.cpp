#include "daemon/confine.h"

#include <seccomp.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

namespace holdfast::daemon {
namespace {

constexpr std::array refused_calls = {
    "add_key",
    "bpf",
    "chroot",
    "delete_module",
    "execve",
    "execveat",
    "finit_module",
    "fsopen",
    "init_module",
    "io_uring_setup",
    "kcmp",
    "kexec_load",
    "keyctl",
    "mount",
    "mount_setattr",
    "move_mount",
    "open_by_handle_at",
    "open_tree",
    "perf_event_open",
    "pivot_root",
    "process_vm_readv",
    "process_vm_writev",
    "request_key",
    "setns",
    "umount2",
    "unshare",
    "userfaultfd",
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer looks at its own process through ptrace
    "ptrace",
#endif
};

struct ReleaseFilter {
    void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

Error failed(const std::string& step, int error) {
    return Error(Code::internal,
                 "confine: " + step + ": " + std::generic_category().message(error));
}

Done refuse_calls(scmp_filter_ctx filter) {
    for (const char* name : refused_calls) {
        const int number = ::seccomp_syscall_resolve_name(name);
        if (number == __NR_SCMP_ERROR) continue;  // libseccomp knows no such call here
        const int error = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), number, 0);
        if (error != 0) return failed(name, -error);
    }
    return done();
}

Done refuse_sockets(scmp_filter_ctx filter, const scmp_arg_cmp& family) {
    const int error =
        ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(socket), 1, family);
    if (error != 0) return failed("socket", -error);
    return done();
}

Done refuse_network(scmp_filter_ctx filter) {
    return refuse_sockets(filter, SCMP_A0_64(SCMP_CMP_NE, AF_UNIX));
}

Done refuse_odd_sockets(scmp_filter_ctx filter) {
    static_assert(AF_UNIX < AF_NETLINK && AF_INET < AF_NETLINK && AF_INET6 < AF_NETLINK);
    HOLDFAST_CHECK(refuse_sockets(filter, SCMP_A0_64(SCMP_CMP_GT, AF_NETLINK)));
    for (unsigned int family = 0; family < AF_NETLINK; ++family) {
        if (family == AF_UNIX || family == AF_INET || family == AF_INET6) continue;
        HOLDFAST_CHECK(refuse_sockets(filter, SCMP_A0_64(SCMP_CMP_EQ, family)));
    }
    return done();
}

Done confine(Done (*refuse)(scmp_filter_ctx)) {
    // Calls of another architecture (32 bit, x32) end the process: libseccomp's default.
    const Filter filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) return failed("seccomp_init", ENOMEM);
    HOLDFAST_CHECK(refuse_calls(filter.get()));
    HOLDFAST_CHECK(refuse(filter.get()));
    const int loaded = ::seccomp_load(filter.get());
    if (loaded != 0) return failed("seccomp_load", -loaded);
    return done();
}

}  // namespace

Done confine_process() {
    return confine(refuse_network);
}

Done confine_but_for_network() {
    return confine(refuse_odd_sockets);
}

}  // namespace holdfast::daemon
