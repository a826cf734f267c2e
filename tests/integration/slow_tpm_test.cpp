// slow-tpm in front of a real software TPM. Lower bounds of time only: a delay must have happened.
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <stdexcept>
#include <string>

#include "bench/slow-tpm/frame.h"
#include "bench/slow-tpm/sockets.h"
#include "tests/support/catch.h"
#include "tests/support/swtpm.h"

using namespace holdfast;
using namespace holdfast::bench;
using namespace std::chrono_literals;

namespace {

using Clock = std::chrono::steady_clock;

// TPM2_Sign with a handle that names nothing: the TPM refuses it at once, the pace is the same.
const Bytes bad_sign = {0x80, 0x01, 0, 0, 0, 14, 0, 0, 0x01, 0x5D, 0x80, 0xFF, 0xFF, 0xFE};
const Bytes get_random = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7B, 0, 8};
// It says 5000 bytes: no TPM command is that long.
const Bytes malformed = {0x80, 0x01, 0, 0, 0x13, 0x88, 0, 0, 0x01, 0x7B};

class SlowTpm {
  public:
    explicit SlowTpm(const std::string& profile, const std::string& only = "") {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe");
        said_ = Descriptor(ends[0]);
        const Descriptor to_us(ends[1]);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork");
        if (pid_ == 0) become(profile, only, to_us.get());
        const auto late = Clock::now() + 20s;
        while (!connect_to(path())) {
            if (Clock::now() > late) throw std::runtime_error("slow-tpm did not start");
            ::usleep(1000);
        }
    }
    SlowTpm(const SlowTpm&) = delete;
    SlowTpm& operator=(const SlowTpm&) = delete;
    ~SlowTpm() { (void)end(); }

    std::string path() const { return directory_.file("slow"); }
    tests::SoftwareTpm& chip() { return chip_; }

    // What it printed before it ended with 0.
    std::string end() {
        if (pid_ <= 0) return "";
        (void)::kill(pid_, SIGTERM);
        std::string text(4096, '\0');
        std::size_t size = 0;
        for (ssize_t got = 1; got > 0; size += static_cast<std::size_t>(got))
            got = ::read(said_.get(), text.data() + size, text.size() - size);
        text.resize(size);
        int status = -1;
        (void)::waitpid(pid_, &status, 0);
        pid_ = -1;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? text : "it ended badly";
    }

  private:
    [[noreturn]] void become(const std::string& profile, const std::string& only, int output) {
        (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)::dup2(output, STDOUT_FILENO);
        const std::string listen = path();
        const std::string to = chip_.tcti().substr(std::string("swtpm:path=").size());
        const char* more = only.empty() ? nullptr : "--only";
        ::execl(SLOW_TPM, "slow-tpm", "--listen", listen.c_str(), "--to", to.c_str(), "--profile",
                profile.c_str(), more, only.c_str(), nullptr);
        ::_exit(127);
    }

    tests::SoftwareTpm chip_;
    tests::TemporaryDirectory directory_;
    Descriptor said_;
    pid_t pid_ = -1;
};

Descriptor connected(const SlowTpm& tpm) {
    Descriptor socket = connect_to(tpm.path());
    REQUIRE(socket);
    return socket;
}

void send(const Descriptor& socket, const Bytes& frame) {
    Bytes rest = frame;
    REQUIRE(send_some(socket, rest));
    REQUIRE(rest.empty());
}

// The whole answer; empty when the connection was closed instead.
Bytes answer(const Descriptor& socket) {
    Bytes received;
    ::pollfd watched = {socket.get(), POLLIN, 0};
    while (look_at(received) != Frame::whole) {
        if (::poll(&watched, 1, 20'000) != 1) throw std::runtime_error("no answer");
        if (!receive_some(socket, received, max_frame)) return {};
    }
    return received;
}

}  // namespace

TEST_CASE("slow-tpm: a Sign takes at least what the profile says, what --only leaves out passes",
          "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("200", "sign");
    const Descriptor socket = connected(tpm);
    const auto begun = Clock::now();
    send(socket, bad_sign);
    const Bytes refused = answer(socket);
    CHECK(Clock::now() - begun >= 200ms);
    CHECK(code_of(refused) != 0);
    send(socket, get_random);
    const Bytes random = answer(socket);
    CHECK(random.size() == 20);
    CHECK(tpm.end() == "Sign 1\nGetRandom 1\n");
}

TEST_CASE("slow-tpm: one chip, so the commands of two clients take their time one after the other",
          "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("200");
    const Descriptor one = connected(tpm);
    const Descriptor two = connected(tpm);
    const auto begun = Clock::now();
    send(one, bad_sign);
    send(two, bad_sign);
    CHECK_FALSE(answer(one).empty());
    CHECK_FALSE(answer(two).empty());
    CHECK(Clock::now() - begun >= 400ms);
}

TEST_CASE("slow-tpm: a malformed frame ends its own connection and no other", "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("25");
    const Descriptor good = connected(tpm);
    const Descriptor bad = connected(tpm);
    const Descriptor worse = connected(tpm);
    send(bad, malformed);
    Bytes two_at_once = get_random;
    two_at_once.insert(two_at_once.end(), get_random.begin(), get_random.end());
    send(worse, two_at_once);
    CHECK(answer(bad).empty());
    CHECK(answer(worse).empty());
    send(good, get_random);
    CHECK(answer(good).size() == 20);
    CHECK(tpm.end() == "GetRandom 1\n");
}

TEST_CASE("slow-tpm: a client that leaves in the middle of a command keeps nobody waiting",
          "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("25");
    const Descriptor stays = connected(tpm);
    {
        const Descriptor idle = connected(tpm);  // holds a connection and says nothing
        const Descriptor leaves = connected(tpm);
        send(leaves, bad_sign);
        const Descriptor in_the_middle = connected(tpm);
        send(in_the_middle, Bytes(get_random.begin(), get_random.begin() + 6));
    }
    send(stays, get_random);
    CHECK(answer(stays).size() == 20);
}

TEST_CASE("slow-tpm: a chip that died is a closed connection, and it is found again", "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("25");
    tpm.chip().kill();
    const Descriptor before = connected(tpm);
    send(before, get_random);
    CHECK(answer(before).empty());
    tpm.chip().start();
    const Descriptor meanwhile = connected(tpm);
    REQUIRE(::kill(tpm.chip().pid(), SIGSTOP) == 0);
    send(meanwhile, get_random);
    tpm.chip().kill();
    CHECK(answer(meanwhile).empty());
    tpm.chip().start();
    const Descriptor after = connected(tpm);
    send(after, get_random);
    CHECK(answer(after).size() == 20);
}

TEST_CASE("slow-tpm: tpm2-tools speak through it, control channel and all", "[bench]") {
    if (!tests::has_swtpm()) HOLDFAST_SKIP("swtpm and tpm2-tools are not installed");
    SlowTpm tpm("25");
    auto& chip = tpm.chip();
    const std::string through = "TPM2TOOLS_TCTI=swtpm:path=" + tpm.path() + " ";
    CHECK(chip.run(through + "tpm2_createprimary -Q -C o -G ecc -c key.ctx") == 0);
    CHECK(chip.output.empty());
    CHECK(tpm.end().find("CreatePrimary 1\n") != std::string::npos);
}
