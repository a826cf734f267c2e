#include "daemon/process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <sstream>
#include <system_error>

#include "daemon/log.h"
#include "daemon/sealed.h"

namespace holdfast::daemon {
namespace {

Error failed(const std::string& step) {
    return Error(Code::internal, step + ": " + std::generic_category().message(errno));
}

// A closed 0, 1 or 2 would be given to the next open(), and the log written into it.
void open_missing_stdio() {
    for (int number = 0; number <= STDERR_FILENO; ++number) {
        if (::fcntl(number, F_GETFD) != -1) continue;
        // O_CLOEXEC would take it from a child again. NOLINTNEXTLINE(android-cloexec-open)
        (void)::open("/dev/null", O_RDWR | O_NOCTTY);
    }
}

// The other end of the link was made by the supervisor, so the link names it: if it died before
// PR_SET_PDEATHSIG took effect, somebody else is our parent by now.
Done check_parent() {
    struct ucred maker{};
    socklen_t size = sizeof maker;
    if (::getsockopt(supervisor_link, SOL_SOCKET, SO_PEERCRED, &maker, &size) != 0)
        return failed("descriptor 3 is not the supervisor's link (start holdfastd instead)");
    if (maker.pid != ::getppid()) return Error(Code::unavailable, "the supervisor is gone");
    return done();
}

}  // namespace

void harden_process(const char* name) {
    open_missing_stdio();
    log_as(name);
    (void)::umask(S_IRWXG | S_IRWXO);
    (void)std::signal(SIGPIPE, SIG_IGN);
    const struct rlimit none{0, 0};
    (void)::setrlimit(RLIMIT_CORE, &none);
#if !defined(__SANITIZE_ADDRESS__)  // LeakSanitizer looks at its own process through ptrace
    // Also keeps processes of the same uid from attaching with ptrace.
    (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}

Done begin_process(const char* name) {
    harden_process(name);
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("PR_SET_PDEATHSIG");
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS");
    return check_parent();
}

Result<Settings> inherited_settings() {
    HOLDFAST_TRY(text, read_sealed(settings_memfd, max_config_file));
    std::istringstream stream{std::string(text_of(text))};
    return parse_settings(stream);
}

Result<Descriptor> seal_settings(const Settings& settings) {
    return seal(view_of(dump_settings(settings, nullptr)), "holdfast-settings");
}

}  // namespace holdfast::daemon
