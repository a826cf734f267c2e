// Preloaded into a daemon: its wall clock, and no other, is off by as many seconds as a file says.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

namespace {

using ClockGettime = int (*)(clockid_t, timespec*);

// Mapped before the process confines itself: it need not open anything later. Eight bytes, as this
// machine writes them.
const volatile std::int64_t* shared_offset() {
    const char* path = std::getenv("SHIFTED_CLOCK");  // NOLINT(concurrency-mt-unsafe): one thread
    const int file = path == nullptr ? -1 : ::open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    void* mapped = ::mmap(nullptr, sizeof(std::int64_t), PROT_READ, MAP_SHARED, file, 0);
    (void)::close(file);
    return mapped == MAP_FAILED ? nullptr : static_cast<const volatile std::int64_t*>(mapped);
}

const volatile std::int64_t* const offset = shared_offset();

}  // namespace

extern "C" int clock_gettime(clockid_t clock, timespec* now) noexcept {
    static const auto real = reinterpret_cast<ClockGettime>(::dlsym(RTLD_NEXT, "clock_gettime"));
    const int result = real(clock, now);
    if (result == 0 && clock == CLOCK_REALTIME && offset != nullptr)
        now->tv_sec += static_cast<time_t>(*offset);
    return result;
}
