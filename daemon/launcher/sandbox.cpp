#include "daemon/launcher/sandbox.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "core/encode/json.h"
#include "daemon/launcher/landlock.h"

namespace holdfast::daemon {
namespace {

constexpr std::uint64_t read_and_list = landlock::read_file | landlock::read_dir;

// What would let a process look into another one, leave its sandbox, or escape the exec gate.
// clone3 hides its flags from a filter: without it the C library takes clone.
struct Refused {
    const char* name;
    int error;
};
constexpr std::array<Refused, 24> refused_calls = {{
    {"add_key", EPERM},
    {"bpf", EPERM},
    {"chroot", EPERM},
    {"clone3", ENOSYS},
    {"fsopen", EPERM},
    {"io_uring_setup", EPERM},
    {"kcmp", EPERM},
    {"keyctl", EPERM},
    {"mount", EPERM},
    {"mount_setattr", EPERM},
    {"move_mount", EPERM},
    {"name_to_handle_at", EPERM},
    {"open_by_handle_at", EPERM},
    {"open_tree", EPERM},
    {"perf_event_open", EPERM},
    {"pidfd_getfd", EPERM},
    {"pivot_root", EPERM},
    {"process_vm_readv", EPERM},
    {"process_vm_writev", EPERM},
    {"ptrace", EPERM},
    {"request_key", EPERM},
    {"setns", EPERM},
    {"umount2", EPERM},
    {"userfaultfd", EPERM},
}};

struct ReleaseFilter {
    void operator()(void* filter) const noexcept { ::seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

Error failed(const std::string& step, int error) {
    return Error(Code::unavailable,
                 "sandbox: " + step + ": " + std::generic_category().message(error));
}

// ── Landlock ────────────────────────────────────────────────────────────────────────────────────

std::uint64_t file_rights(int version) {
    std::uint64_t rights = landlock::first_version;
    if (version >= landlock::refer_version) rights |= landlock::refer;
    if (version >= landlock::truncate_version) rights |= landlock::truncate;
    if (version >= landlock::ioctl_dev_version) rights |= landlock::ioctl_dev;
    return rights;
}

Result<Descriptor> make_ruleset(int version) {
    landlock::RulesetAttributes attributes{file_rights(version), 0, 0};
    std::size_t size = sizeof attributes.handled_access_fs;
    if (version >= landlock::scope_version) {
        attributes.scoped = landlock::scope_signal;
        size = sizeof attributes;
    }
    Descriptor ruleset(
        static_cast<int>(::syscall(SYS_landlock_create_ruleset, &attributes, size, 0U)));
    if (!ruleset) return failed("landlock_create_ruleset", errno);
    return ruleset;
}

Done allow(int ruleset, int path, std::uint64_t rights) {
    landlock_path_beneath_attr rule{};
    rule.allowed_access = rights;
    rule.parent_fd = path;
    if (::syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0U) != 0)
        return failed("landlock_add_rule", errno);
    return done();
}

// Rights about directories make no sense for a file, and the kernel refuses them there.
Done allow_path(int ruleset, const std::string& path, std::uint64_t rights) {
    const Descriptor opened(::open(path.c_str(), O_PATH | O_CLOEXEC));
    if (!opened && errno == ENOENT) return done();
    struct stat facts{};
    if (!opened || ::fstat(opened.get(), &facts) != 0) return failed(path, errno);
    if (!S_ISDIR(facts.st_mode)) rights &= ~landlock::read_dir;
    return allow(ruleset, opened.get(), rights);
}

Result<Descriptor> ruleset_of(const SandboxPlan& plan, int version) {
    HOLDFAST_TRY(ruleset, make_ruleset(version));
    HOLDFAST_CHECK(allow(ruleset.get(), plan.view, read_and_list | landlock::execute));
    HOLDFAST_CHECK(allow(ruleset.get(), plan.data, file_rights(version) & ~landlock::execute));
    for (const auto& file : plan.host_files)
        HOLDFAST_CHECK(allow_path(ruleset.get(), file, landlock::read_file | landlock::execute));
    for (const auto& path : host_data())
        HOLDFAST_CHECK(allow_path(ruleset.get(), path, read_and_list));
    HOLDFAST_CHECK(
        allow_path(ruleset.get(), "/dev/null", landlock::read_file | landlock::write_file));
    return ruleset;
}

std::string words_for(const SandboxPlan& plan, int version) {
    encode::Json::Array host_files(plan.host_files.begin(), plan.host_files.end());
    encode::Json::Array data(host_data().begin(), host_data().end());
    encode::Json::Array calls;
    for (const auto& call : refused_calls)
        calls.emplace_back(call.name);
    encode::Json::Object words;
    words["exec"] = "leader once";
    words["host_data"] = std::move(data);
    words["host_files"] = std::move(host_files);
    words["landlock"] = version;
    words["refused_calls"] = std::move(calls);
    return encode::canonical(encode::Json(std::move(words)));
}

// ── seccomp ─────────────────────────────────────────────────────────────────────────────────────

Done refuse(scmp_filter_ctx filter, const Refused& call) {
    const int number = ::seccomp_syscall_resolve_name(call.name);
    if (number == __NR_SCMP_ERROR) return done();  // libseccomp knows no such call here
    const int error =
        ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(static_cast<unsigned>(call.error)), number, 0);
    // -EACCES: the same as what the filter does anyway.
    if (error != 0 && error != -EACCES) return failed(call.name, -error);
    return done();
}

// A user namespace would give it capabilities inside; PR_SET_MM forges /proc/PID/exe.
Done refuse_escapes(scmp_filter_ctx filter) {
    const std::uint64_t flag = CLONE_NEWUSER;
    const scmp_arg_cmp new_user = SCMP_A0_64(SCMP_CMP_MASKED_EQ, flag, flag);
    const scmp_arg_cmp set_mm = SCMP_A0_64(SCMP_CMP_EQ, PR_SET_MM);
    for (const int call : {SCMP_SYS(clone), SCMP_SYS(unshare)}) {
        const int error = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), call, 1, new_user);
        if (error != 0) return failed("CLONE_NEWUSER", -error);
    }
    const int error = ::seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(prctl), 1, set_mm);
    if (error != 0) return failed("PR_SET_MM", -error);
    return done();
}

Done ask_at_exec(scmp_filter_ctx filter) {
    for (const int call : {SCMP_SYS(execve), SCMP_SYS(execveat)}) {
        const int error = ::seccomp_rule_add(filter, SCMP_ACT_NOTIFY, call, 0);
        if (error != 0) return failed("the exec gate", -error);
    }
    return done();
}

Result<Descriptor> confine_calls() {
    // Calls of another architecture (32 bit, x32) kill the process: libseccomp's default.
    const Filter filter(::seccomp_init(SCMP_ACT_ALLOW));
    if (!filter) return failed("seccomp_init", ENOMEM);
    for (const auto& call : refused_calls)
        HOLDFAST_CHECK(refuse(filter.get(), call));
    HOLDFAST_CHECK(refuse_escapes(filter.get()));
    HOLDFAST_CHECK(ask_at_exec(filter.get()));
    const int loaded = ::seccomp_load(filter.get());
    if (loaded != 0) return failed("seccomp_load", -loaded);
    const int listener = ::seccomp_notify_fd(filter.get());
    if (listener < 0) return failed("seccomp_notify_fd", -listener);
    Descriptor own(::fcntl(listener, F_DUPFD_CLOEXEC, 0));
    if (!own) return failed("F_DUPFD_CLOEXEC", errno);
    // libseccomp keeps its own beyond the filter's release, until all it keeps is reset.
    const int reset = ::seccomp_reset(nullptr, 0);
    if (reset != 0) return failed("seccomp_reset", -reset);
    return own;
}

}  // namespace

const std::vector<std::string>& host_data() {
    static const std::vector<std::string> paths = {
        "/dev/full",
        "/dev/random",
        "/dev/urandom",
        "/dev/zero",
        "/etc/gai.conf",
        "/etc/group",
        "/etc/host.conf",
        "/etc/hosts",
        "/etc/ld.so.cache",
        "/etc/localtime",
        "/etc/nsswitch.conf",
        "/etc/passwd",
        "/etc/protocols",
        "/etc/resolv.conf",
        "/etc/services",
        "/etc/ssl",
        "/proc",
        "/sys/devices/system/cpu",
        "/usr/local/share/ca-certificates",
        "/usr/share/ca-certificates",
        "/usr/share/zoneinfo",
    };
    return paths;
}

int landlock_version() {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return version > 0 ? static_cast<int>(version) : 0;
}

Result<Sandbox> Sandbox::prepare(const SandboxPlan& plan) {
    const int version = landlock_version();
    Descriptor ruleset;
    if (version > 0) {
        HOLDFAST_TRY(made, ruleset_of(plan, version));
        ruleset = std::move(made);
    }
    return Sandbox(std::move(ruleset), words_for(plan, version));
}

Result<Descriptor> Sandbox::enter() const {
    if (ruleset_ && ::syscall(SYS_landlock_restrict_self, ruleset_.get(), 0U) != 0)
        return failed("landlock_restrict_self", errno);
    return confine_calls();
}

}  // namespace holdfast::daemon
