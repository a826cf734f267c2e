// FullDisk: no file of this process may grow.
#ifndef HOLDFAST_TESTS_SUPPORT_FULL_DISK_H
#define HOLDFAST_TESTS_SUPPORT_FULL_DISK_H

#include <sys/resource.h>

#include <csignal>

namespace holdfast::tests {

// While it lives; the registry cannot write, and a fake ledger can.
class FullDisk {
  public:
    FullDisk() {
        (void)std::signal(SIGXFSZ, SIG_IGN);
        (void)::getrlimit(RLIMIT_FSIZE, &before_);
        ::rlimit none = before_;
        none.rlim_cur = 0;
        (void)::setrlimit(RLIMIT_FSIZE, &none);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;
    ~FullDisk() { (void)::setrlimit(RLIMIT_FSIZE, &before_); }

  private:
    ::rlimit before_{};
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_FULL_DISK_H
