// measure-loop: what recognising a process costs.
//   measure-loop cold|warm MS LEAST PID EXECUTABLE
// "cold" measures the process anew each time, its EXECUTABLE hashed again because its times were
// touched; "warm" is the check before every later request of that process.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <iostream>
#include <string>
#include <string_view>

#include "attest/measure/process.h"
#include "bench/programs/samples.h"

namespace {

using namespace holdfast;
using namespace holdfast::attest;

struct Job {
    std::chrono::milliseconds time{0};
    std::size_t least = 0;
    pid_t pid = 0;
    std::string executable;
};

int failed(const Error& error) {
    std::cerr << "measure-loop: " << error.text() << "\n";
    return 1;
}

int run(const Job& job, bool is_warm) {
    const Descriptor pidfd(static_cast<int>(::syscall(SYS_pidfd_open, job.pid, 0)));
    const MeasureRules rules{.uid = ::getuid(), .allow_writable_executables = true};
    auto view = measure_process(job.pid, pidfd.get(), rules);
    if (!view) return failed(view.error());
    const auto cold = [&] {
        (void)::utimensat(AT_FDCWD, job.executable.c_str(), nullptr, 0);
        return measure_process(job.pid, pidfd.get(), rules).has_value();
    };
    const auto warm = [&] { return still_unchanged(pidfd.get(), *view).has_value(); };
    holdfast::bench::Samples samples;
    const bool is_measured = is_warm ? samples.repeat(job.time, job.least, warm)
                                     : samples.repeat(job.time, job.least, cold);
    if (!is_measured) return 1;
    samples.print();
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view verb = argc == 6 ? argv[1] : "";
    if (verb != "cold" && verb != "warm") {
        std::cerr << "usage: measure-loop cold|warm MS LEAST PID EXECUTABLE\n";
        return 2;
    }
    return run({.time = std::chrono::milliseconds(std::stoi(argv[2])),
                .least = std::stoul(argv[3]),
                .pid = std::stoi(argv[4]),
                .executable = argv[5]},
               verb == "warm");
}
