// Stands for a keys program that is stuck in the kernel: SIGKILL does not end it. One of its
// threads is traced by the process that started it, and a traced thread stays until its tracer
// takes its end.
#include <sys/ptrace.h>
#include <unistd.h>

#include <thread>

int main() {
    std::thread([] {
        // Refused where the kernel forbids all tracing: then it dies, and the test says so.
        (void)::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr);
        while (true)
            ::pause();
    }).join();
}
