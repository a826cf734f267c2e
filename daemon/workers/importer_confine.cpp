#include "daemon/workers/importer_confine.h"

#include <grp.h>
#include <linux/landlock.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <system_error>

namespace holdfast::daemon {
namespace {

using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, int (*)(void*)>;

// The first version that can allow links and renames between folders (landlock(7)).
constexpr long landlock_with_refer = 2;
constexpr std::uint64_t changes =
    LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
    LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |
    LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;
constexpr std::uint64_t reads = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
constexpr std::uint64_t needed = reads | LANDLOCK_ACCESS_FS_WRITE_FILE |
                                 LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |
                                 LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                 LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_REFER;

Error failed(const std::string& step) {
    return Error(Code::internal,
                 "importer: " + step + ": " + std::generic_category().message(errno));
}

// Forbids `handled` everywhere, but for `needed` below the folder, if there is one.
Done restrict_files(std::uint64_t handled, std::optional<int> folder) {
    const long version =
        ::syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < landlock_with_refer) return done();
    struct landlock_ruleset_attr attributes{};
    attributes.handled_access_fs = handled;
    const Descriptor rules(static_cast<int>(
        ::syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0)));
    if (!rules) return failed("landlock_create_ruleset");
    struct landlock_path_beneath_attr beneath{};
    beneath.allowed_access = needed;
    beneath.parent_fd = folder.value_or(-1);
    if (folder &&
        ::syscall(SYS_landlock_add_rule, rules.get(), LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) != 0)
        return failed("landlock_add_rule");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS");
    if (::syscall(SYS_landlock_restrict_self, rules.get(), 0) != 0)
        return failed("landlock_restrict_self");
    return done();
}

// Of these, those that it has.
Done keep_only(std::initializer_list<cap_value_t> kept) {
    const Capabilities own(::cap_get_proc(), &::cap_free);
    const Capabilities wanted(::cap_init(), &::cap_free);
    if (!own || !wanted) return failed("cap_get_proc");
    for (const auto capability : kept) {
        cap_flag_value_t has = CAP_CLEAR;
        (void)::cap_get_flag(own.get(), capability, CAP_PERMITTED, &has);
        for (const auto flag : {CAP_PERMITTED, CAP_EFFECTIVE}) {
            if (::cap_set_flag(wanted.get(), flag, 1, &capability, has) != 0)
                return failed("cap_set_flag");
        }
    }
    if (::cap_set_proc(wanted.get()) != 0) return failed("cap_set_proc");
    return done();
}

Done change_user(const Reader& reader) {
    if (::geteuid() != 0) {
        if (reader.uid == ::geteuid() && reader.gid == ::getegid()) return done();
        return Error(Code::denied, "importer: only root reads as somebody else");
    }
    if (::setgroups(reader.groups.size(), reader.groups.data()) != 0) return failed("setgroups");
    if (::setresgid(reader.gid, reader.gid, reader.gid) != 0) return failed("setresgid");
    if (::setresuid(reader.uid, reader.uid, reader.uid) != 0) return failed("setresuid");
    return done();
}

}  // namespace

Done confine_to(int folder) {
    HOLDFAST_CHECK(restrict_files(changes | reads | LANDLOCK_ACCESS_FS_EXECUTE, folder));
    return keep_only({CAP_DAC_READ_SEARCH, CAP_KILL});
}

Done become(const Reader& reader, pid_t parent) {
    HOLDFAST_CHECK(change_user(reader));
    HOLDFAST_CHECK(keep_only({}));
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS");
    HOLDFAST_CHECK(restrict_files(changes | LANDLOCK_ACCESS_FS_EXECUTE, std::nullopt));
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer looks at its own process through ptrace
    // Other processes of that user must not attach with ptrace: the link is theirs then.
    if (::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return failed("PR_SET_DUMPABLE");
#endif
    // After the last change of credentials, which clears it.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("PR_SET_PDEATHSIG");
    if (::getppid() != parent) return Error(Code::unavailable, "importer: the other half is gone");
    return done();
}

}  // namespace holdfast::daemon
