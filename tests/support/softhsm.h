// SoftToken: a PKCS#11 token of the test's own (SoftHSM2), in a directory of its own.
#ifndef HOLDFAST_TESTS_SUPPORT_SOFTHSM_H
#define HOLDFAST_TESTS_SUPPORT_SOFTHSM_H

#include <fcntl.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "holdfast/descriptor.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

inline constexpr const char* softhsm_module = "/usr/lib/softhsm/libsofthsm2.so";

// False where SoftHSM2 or pkcs11-tool is not installed: such tests skip.
inline bool has_softhsm() {
    return std::filesystem::exists(softhsm_module) &&
           std::filesystem::exists("/usr/bin/softhsm2-util") &&
           std::filesystem::exists("/usr/bin/pkcs11-tool");
}

class SoftToken {
  public:
    // One token "agents" with user PIN 1234 and SO PIN 5678; SOFTHSM2_CONF of this process and its
    // children names it until another is made.
    SoftToken() {
        std::filesystem::create_directory(directory_.file("tokens"));
        std::ofstream(config()) << "directories.tokendir = " << directory_.file("tokens")
                                << "\nobjectstore.backend = file\nlog.level = ERROR\n";
        use();
        add("agents");
        write_pin("1234");
    }

    // NOLINTNEXTLINE(concurrency-mt-unsafe): tests have one thread when they make a token
    void use() const { (void)::setenv("SOFTHSM2_CONF", config().c_str(), 1); }
    std::string config() const { return directory_.file("softhsm2.conf"); }

    void add(const std::string& label) {
        must("softhsm2-util --init-token --free --label '" + label + "' --pin 1234 --so-pin 5678");
    }
    void remove(const std::string& label) {
        must("softhsm2-util --delete-token --token '" + label + "'");
    }
    // All of its tokens go away, and come back as they were.
    void take_out() {
        std::filesystem::rename(directory_.file("tokens"), directory_.file("pulled"));
        std::filesystem::create_directory(directory_.file("tokens"));
    }
    void put_back() {
        std::filesystem::remove_all(directory_.file("tokens"));
        std::filesystem::rename(directory_.file("pulled"), directory_.file("tokens"));
    }

    // The PIN file is replaced: another inode.
    void write_pin(const std::string& pin) {
        std::filesystem::remove(pin_file());
        std::ofstream(pin_file()) << pin << "\n";
        pin_ = Descriptor(::open(pin_file().c_str(), O_RDONLY | O_CLOEXEC));
    }
    std::string pin_file() const { return directory_.file("pin"); }
    int pin_descriptor() const { return pin_.get(); }

    // As somebody else at the same token: its exit code; what it said is in `output`.
    int tool(const std::string& arguments) {
        return run("pkcs11-tool --module " + std::string(softhsm_module) +
                   " --token-label agents --login --pin 1234 " + arguments);
    }
    int run(const std::string& command) {
        output.clear();
        FILE* pipe = ::popen(("( " + command + " ) 2>&1 </dev/null").c_str(), "r");
        if (pipe == nullptr) throw std::runtime_error("popen");
        std::array<char, 4096> piece{};
        while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe))
            output.append(piece.data(), got);
        const int status = ::pclose(pipe);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
    }
    std::string output;
    std::string file(const std::string& name) const { return directory_.file(name); }

  private:
    void must(const std::string& command) {
        if (run(command) != 0) throw std::runtime_error(command + ": " + output);
    }

    TemporaryDirectory directory_;
    Descriptor pin_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_SOFTHSM_H
