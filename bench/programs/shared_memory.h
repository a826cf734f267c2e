// What a program shares with the children it forks.
#ifndef HOLDFAST_BENCH_PROGRAMS_SHARED_MEMORY_H
#define HOLDFAST_BENCH_PROGRAMS_SHARED_MEMORY_H

#include <sys/mman.h>

#include <memory>

namespace holdfast::bench {

// Lives as long as the program; null when there is no memory.
template <class T>
T* shared_with_children() {
    void* memory =
        ::mmap(nullptr, sizeof(T), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? nullptr : std::construct_at(static_cast<T*>(memory));
}

}  // namespace holdfast::bench

#endif  // HOLDFAST_BENCH_PROGRAMS_SHARED_MEMORY_H
