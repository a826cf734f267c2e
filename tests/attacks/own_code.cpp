// Code that nobody can look at by its name, or that changes while it is in use.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"

namespace holdfast::attacks {
namespace {

std::string content_of(const char* path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

[[noreturn]] void become_opened(int file, Arguments arguments) {
    (void)::fexecve(file, arguments.data(), environ);
    require(false, "fexecve");
    ::_exit(2);
}

}  // namespace

// The trusted program to the byte, but in no file system.
void run_from_memory(Arguments trusted) {
    const std::string program = content_of(trusted[0]);
    const int memory = ::memfd_create("trusted-agent", MFD_CLOEXEC);
    require(::write(memory, program.data(), program.size()) == static_cast<ssize_t>(program.size()),
            "write");
    become_opened(memory, trusted);
}

// The trusted program to the byte; its name is gone when it runs.
void run_deleted(Arguments trusted) {
    const int file = ::open(trusted[0], O_RDONLY | O_CLOEXEC);
    require(file >= 0, "open");
    require(::unlink(trusted[0]) == 0, "unlink");
    become_opened(file, trusted);
}

// One byte past the end of what matters; prints what the kernel says where it refuses.
void write_file(Arguments file) {
    const Descriptor opened(::open(file[0], O_WRONLY | O_CLOEXEC));
    if (!opened && errno == ETXTBSY) {
        std::cout << "ETXTBSY\n" << std::flush;
        return;
    }
    require(static_cast<bool>(opened), "open");
    struct stat status{};
    require(::fstat(opened.get(), &status) == 0, "fstat");
    require(::pwrite(opened.get(), "x", 1, status.st_size - 1) == 1, "pwrite");
    std::cout << "written\n" << std::flush;
}

// Through a shared mapping, after the line that it waits for; "dirty": the page was stored into
// before, and the kernel has no reason to look at the next store.
void store_into_file(Arguments arguments) {
    const bool dirty = arguments.size() > 1;
    const Descriptor opened(::open(arguments[0], O_RDWR | O_CLOEXEC));
    require(static_cast<bool>(opened), "open");
    struct stat status{};
    require(::fstat(opened.get(), &status) == 0, "fstat");
    const auto size = static_cast<std::size_t>(status.st_size);
    void* const mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, opened.get(), 0);
    require(mapped != MAP_FAILED, "mmap");
    auto* const last = static_cast<volatile char*>(mapped) + size - 1;
    if (dirty) *last = 'x';
    ready();
    wait();
    *last = 'y';
    ready();
}

}  // namespace holdfast::attacks
