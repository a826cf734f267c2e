// SoftwareTpm: a TPM of the test's own (swtpm on a Unix socket), ended by its pid when it goes.
#ifndef HOLDFAST_TESTS_SUPPORT_SWTPM_H
#define HOLDFAST_TESTS_SUPPORT_SWTPM_H

#include <sys/types.h>

#include <string>

#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

// False where swtpm is not installed: such tests skip.
bool has_swtpm();

class SoftwareTpm {
  public:
    enum class Made {
        blank,      // straight from the factory, no EK certificate
        certified,  // with EK certificates in NV; made once per build directory, then copied
    };

    explicit SoftwareTpm(Made made = Made::blank);
    SoftwareTpm(const SoftwareTpm&) = delete;
    SoftwareTpm& operator=(const SoftwareTpm&) = delete;
    ~SoftwareTpm();

    std::string tcti() const { return "swtpm:path=" + directory_.file("sock"); }
    pid_t pid() const noexcept { return pid_; }

    void kill();     // power cut
    void start();    // with the state it had
    void restart();  // both: a TPM Reset; a TPM Restart after TPM2_Shutdown(STATE)
    void resume();   // out of sleep: both, with TPM2_Startup(STATE), after TPM2_Shutdown(STATE)

    // Runs a command line with TPM2TOOLS_TCTI set, in a directory of this TPM's. Its exit code;
    // what it said on both outputs is in `output`.
    int run(const std::string& command);
    std::string output;
    std::string file(const std::string& name) const { return work_.file(name); }

  private:
    void start_with(const char* flags);

    TemporaryDirectory directory_;
    TemporaryDirectory work_;
    pid_t pid_ = -1;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SWTPM_H
