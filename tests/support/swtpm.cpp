#include "tests/support/swtpm.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include "holdfast/descriptor.h"

namespace holdfast::tests {
namespace {

namespace fs = std::filesystem;

// Where the certified state is kept between test programs of one build.
const std::string cache = HOLDFAST_TEST_CACHE;

int run_shell(const std::string& command, std::string& output) {
    output.clear();
    FILE* pipe = ::popen(("( " + command + " ) 2>&1 </dev/null").c_str(), "r");
    if (pipe == nullptr) throw std::runtime_error("popen");
    std::array<char, 4096> piece{};
    while (const std::size_t got = std::fread(piece.data(), 1, piece.size(), pipe))
        output.append(piece.data(), got);
    const int status = ::pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

void manufacture(const std::string& directory) {
    fs::create_directories(directory + "/ca");
    fs::create_directories(directory + "/state");
    std::ofstream(directory + "/ca/localca.conf")
        << "statedir = " << directory << "/ca\nsigningkey = " << directory
        << "/ca/signkey.pem\nissuercert = " << directory
        << "/ca/issuercert.pem\ncertserial = " << directory << "/ca/certserial\n";
    std::ofstream(directory + "/ca/localca.options").flush();
    std::ofstream(directory + "/ca/setup.conf")
        << "create_certs_tool = /usr/bin/swtpm_localca\ncreate_certs_tool_config = " << directory
        << "/ca/localca.conf\ncreate_certs_tool_options = " << directory
        << "/ca/localca.options\nactive_pcr_banks = sha256\n";
    std::string said;
    if (run_shell("swtpm_setup --tpm2 --tpmstate '" + directory + "/state' --config '" + directory +
                      "/ca/setup.conf' --create-ek-cert --lock-nvram",
                  said) != 0)
        throw std::runtime_error("swtpm_setup: " + said);
}

// Tests run side by side: the first one makes it, under a lock.
std::string certified_state() {
    fs::create_directories(cache);
    const Descriptor lock(::open((cache + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    if (::flock(lock.get(), LOCK_EX) != 0) throw std::runtime_error("flock");
    const std::string made = cache + "/certified";
    if (!fs::exists(made)) {
        const std::string unfinished = cache + "/unfinished";
        fs::remove_all(unfinished);
        manufacture(unfinished);
        fs::rename(unfinished, made);
    }
    return made + "/state";
}

// A whole command and its answer (TPM2_GetRandom of one byte): a socket that can be connected to
// may still belong to a TPM that is not there yet.
bool answers(const std::string& socket_path) {
    constexpr std::array<std::uint8_t, 12> command = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 1, 0x7B, 0, 1};
    const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(static_cast<char*>(address.sun_path), socket_path.c_str(),
                 sizeof address.sun_path - 1);
    std::array<std::uint8_t, 64> answer{};
    return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
               0 &&
           ::send(probe.get(), command.data(), command.size(), MSG_NOSIGNAL) > 0 &&
           ::recv(probe.get(), answer.data(), answer.size(), 0) > 0;
}

[[noreturn]] void become_swtpm(const std::string& directory, const char* flags) {
    (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
    const std::string state = "dir=" + directory + "/state";
    const std::string server = "type=unixio,path=" + directory + "/sock";
    const std::string control = "type=unixio,path=" + directory + "/sock.ctrl";
    const std::string log = "file=" + directory + "/log";
    ::execlp("swtpm", "swtpm", "socket", "--tpm2", "--tpmstate", state.c_str(), "--server",
             server.c_str(), "--ctrl", control.c_str(), "--flags", flags, "--log", log.c_str(),
             nullptr);
    ::_exit(127);
}

}  // namespace

bool has_swtpm() {
    return fs::exists("/usr/bin/swtpm") && fs::exists("/usr/bin/swtpm_setup") &&
           fs::exists("/usr/bin/tpm2_getcap");
}

SoftwareTpm::SoftwareTpm(Made made) {
    if (made == Made::certified)
        fs::copy(certified_state(), directory_.file("state"), fs::copy_options::recursive);
    else
        fs::create_directory(directory_.file("state"));
    start();
}

SoftwareTpm::~SoftwareTpm() {
    kill();
}

void SoftwareTpm::start() {
    start_with("not-need-init,startup-clear");
}

void SoftwareTpm::start_with(const char* flags) {
    fs::remove(directory_.file("sock"));
    fs::remove(directory_.file("sock.ctrl"));
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork");
    if (pid_ == 0) become_swtpm(directory_.path(), flags);
    const auto late = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!answers(directory_.file("sock"))) {
        if (std::chrono::steady_clock::now() > late || ::waitpid(pid_, nullptr, WNOHANG) == pid_)
            throw std::runtime_error("swtpm did not start");
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void SoftwareTpm::kill() {
    if (pid_ <= 0) return;
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void SoftwareTpm::restart() {
    kill();
    start();
}

void SoftwareTpm::resume() {
    kill();
    start_with("not-need-init,startup-state");
}

int SoftwareTpm::run(const std::string& command) {
    return run_shell("export TPM2TOOLS_TCTI='" + tcti() + "' TPM2OPENSSL_TCTI='" + tcti() +
                         "' TSS2_LOG=all+none; cd '" + work_.path() + "' && " + command,
                     output);
}

}  // namespace holdfast::tests
