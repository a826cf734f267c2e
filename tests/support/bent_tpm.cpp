#include "tests/support/bent_tpm.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace holdfast::tests {
namespace {

constexpr std::size_t header_size = 10;  // tag, size, code: of commands and of answers

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

sockaddr_un address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    must(path.size() < sizeof address.sun_path, "socket path too long");
    std::memcpy(&address.sun_path, path.c_str(), path.size() + 1);
    return address;
}

std::uint32_t number_at(const Bytes& bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (std::size_t i = at; i < at + 4; ++i)
        value = value << 8U | bytes[i];
    return value;
}

bool read_up_to(int descriptor, Bytes& bytes, std::size_t size) {
    while (bytes.size() < size) {
        std::array<std::uint8_t, 4096> chunk{};
        const auto got =
            ::read(descriptor, chunk.data(), std::min(chunk.size(), size - bytes.size()));
        if (got <= 0) return false;
        bytes.insert(bytes.end(), chunk.begin(), chunk.begin() + got);
    }
    return true;
}

// One command or answer, whole; empty at the end of the stream.
Bytes read_one(int descriptor) {
    Bytes bytes;
    if (!read_up_to(descriptor, bytes, header_size)) return {};
    if (!read_up_to(descriptor, bytes, number_at(bytes, 2))) return {};
    return bytes;
}

bool write_one(int descriptor, const Bytes& bytes) {
    return ::write(descriptor, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size());
}

Bytes ask_chip(const std::string& path, const Bytes& command) {
    const Descriptor chip(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    if (::connect(chip.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        !write_one(chip.get(), command))
        return {};
    return read_one(chip.get());
}

}  // namespace

BentTpm::BentTpm(const SoftwareTpm& chip, Bend bend, Shape shape) : bend_(std::move(bend)) {
    const std::string tcti = chip.tcti();
    chip_ = tcti.substr(tcti.find('=') + 1);
    std::array<int, 2> stop{};
    must(::pipe2(stop.data(), O_CLOEXEC) == 0, "pipe2");
    stop_read_ = Descriptor(stop[0]);
    stop_write_ = Descriptor(stop[1]);
    shape == Shape::socket ? listen() : open_terminal();
    thread_ = std::thread([this] { serve(); });
}

BentTpm::~BentTpm() {
    stop_write_ = Descriptor();  // the old number goes with the temporary
    thread_.join();
}

void BentTpm::listen() {
    const std::string path = directory_.file("sock");
    // Its control channel is the chip's own.
    std::filesystem::create_symlink(chip_ + ".ctrl", path + ".ctrl");
    listener_ = Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    must(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
         "bind");
    must(::listen(listener_.get(), 8) == 0, "listen");
    tcti_ = "swtpm:path=" + path;
}

void BentTpm::open_terminal() {
    terminal_ = Descriptor(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    std::array<char, 64> name{};
    must(::grantpt(terminal_.get()) == 0 && ::unlockpt(terminal_.get()) == 0, "posix_openpt");
    must(::ptsname_r(terminal_.get(), name.data(), name.size()) == 0, "ptsname_r");
    // Held open here too, so that the master has no end of stream when the TCTI closes it.
    held_open_ = Descriptor(::open(name.data(), O_RDWR | O_NOCTTY | O_CLOEXEC));
    termios raw{};
    must(::tcgetattr(held_open_.get(), &raw) == 0, "tcgetattr");
    ::cfmakeraw(&raw);
    must(::tcsetattr(held_open_.get(), TCSANOW, &raw) == 0, "tcsetattr");
    tcti_ = "device:" + std::string(name.data());
}

// False when it is time to end.
bool BentTpm::wait_for(int descriptor) const {
    std::array<pollfd, 2> watched{pollfd{descriptor, POLLIN, 0},
                                  pollfd{stop_read_.get(), POLLIN, 0}};
    return ::poll(watched.data(), watched.size(), -1) > 0 && watched[1].revents == 0;
}

bool BentTpm::answer_one(int descriptor) const {
    const Bytes command = read_one(descriptor);
    if (command.empty()) return false;
    const Ask ask = [&] { return ask_chip(chip_, command); };
    const Bytes answer = bend_(number_at(command, 6), ask);
    return !answer.empty() && write_one(descriptor, answer);
}

void BentTpm::serve() {
    while (terminal_ && wait_for(terminal_.get()))
        (void)answer_one(terminal_.get());
    while (listener_ && wait_for(listener_.get())) {
        const Descriptor client(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        while (wait_for(client.get()) && answer_one(client.get())) {
        }
    }
}

}  // namespace holdfast::tests
