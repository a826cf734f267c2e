// Sandbox: what a launched agent may reach and call: Landlock (landlock(7)) and seccomp
// (seccomp(2)).
#ifndef HOLDFAST_DAEMON_LAUNCHER_SANDBOX_H
#define HOLDFAST_DAEMON_LAUNCHER_SANDBOX_H

#include <string>
#include <vector>

#include "holdfast/descriptor.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

// Data of the host that programs need to resolve names, check certificates and tell the time, and
// the kernel's own files. Readable, never executable; what is not there is left out.
const std::vector<std::string>& host_data();

// The version of the running kernel's Landlock; 0 where it has none.
int landlock_version();

struct SandboxPlan {
    int view;                             // O_PATH: read and execute everything below
    std::vector<std::string> host_files;  // read and execute each
    int data;                             // O_PATH: the agent's own folder, everything but execute
};

// A ruleset that is not yet in force, and the words for it.
class Sandbox {
  public:
    // Without Landlock in the kernel only the system calls are confined, and text() says so.
    static Result<Sandbox> prepare(const SandboxPlan& plan);

    // Canonical JSON: Landlock's version and paths, the refused system calls. Its SHA-256 is the
    // sandbox digest of the launch event.
    const std::string& text() const noexcept { return text_; }
    bool has_landlock() const noexcept { return static_cast<bool>(ruleset_); }

    // In the child, after its last change of user, with no_new_privs. The result is the listener
    // of the exec gate. From here on every exec waits for whoever holds it.
    Result<Descriptor> enter() const;

  private:
    Sandbox(Descriptor ruleset, std::string text)
        : ruleset_(std::move(ruleset)), text_(std::move(text)) {}

    Descriptor ruleset_;
    std::string text_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_LAUNCHER_SANDBOX_H
