#include "tests/attacks/line.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <system_error>

#include "core/encode/jws.h"

namespace holdfast::attacks {
namespace {

constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view length_field = "Content-Length: ";

const char* setting(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string member(const encode::Json& object, std::string_view name) {
    const auto* const found = object.find(name);
    if (found == nullptr || found->string() == nullptr)
        throw std::runtime_error("no member " + std::string(name) + ": " + canonical(object));
    return *found->string();
}

// The assurance inside the signature, which is what a relying party sees.
std::string assurance_of(const std::string& compact) {
    const auto jws = encode::parse_jws(compact);
    if (!jws) throw std::runtime_error(jws.error().text());
    if (const std::string file = setting("ATTACK_JWS"); !file.empty())
        std::ofstream(file, std::ios::app) << compact << '\n';
    return member(jws->payload, "assurance");
}

// One message of one byte, with or without room for a descriptor beside it.
struct OneDescriptor {
    char byte = 0;
    iovec piece{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    msghdr message{};

    OneDescriptor() {
        message.msg_iov = &piece;
        message.msg_iovlen = 1;
        message.msg_control = control.data();
        message.msg_controllen = control.size();
    }
    OneDescriptor(const OneDescriptor&) = delete;
    OneDescriptor& operator=(const OneDescriptor&) = delete;
    ~OneDescriptor() = default;
};

}  // namespace

void require(bool condition, const char* step) {
    if (condition) return;
    throw std::runtime_error(std::string(step) + ": " + std::generic_category().message(errno));
}

std::string request_for(std::string_view resource) {
    const std::string body = R"({"action":"refund.create","audience":"https://payments.example",)"
                             R"("resource":")" +
                             std::string(resource) + "\"}";
    return "POST /v1/actions HTTP/1.1\r\nHost: holdfast\r\nContent-Type: application/json\r\n"
           "Content-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + body;
}

Line Line::unconnected() {
    Line line(Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)));
    require(line.descriptor() >= 0, "socket");
    return line;
}

Line Line::connected() {
    Line line = unconnected();
    line.connect();
    return line;
}

void Line::connect() const {
    const std::string path = setting("HOLDFAST_SOCKET");
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof(address.sun_path)) throw std::runtime_error("HOLDFAST_SOCKET: long");
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    require(::connect(descriptor(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0,
            "connect");
}

Line Line::taken_from(int channel) {
    OneDescriptor received;
    require(::recvmsg(channel, &received.message, MSG_CMSG_CLOEXEC) == 1, "recvmsg");
    const cmsghdr* const header = CMSG_FIRSTHDR(&received.message);
    require(header != nullptr && header->cmsg_type == SCM_RIGHTS, "SCM_RIGHTS");
    int socket = -1;
    std::memcpy(&socket, CMSG_DATA(header), sizeof(socket));
    return Line(Descriptor(socket));
}

void Line::give_to(int channel) const {
    OneDescriptor sent;
    cmsghdr* const header = CMSG_FIRSTHDR(&sent.message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof(int));
    const int socket = descriptor();
    std::memcpy(CMSG_DATA(header), &socket, sizeof(socket));
    require(::sendmsg(channel, &sent.message, 0) == 1, "sendmsg");
}

void Line::leave_to_next_program() const {
    require(::dup2(descriptor(), socket_number) == socket_number, "dup2");
}

void Line::send(std::string_view bytes) const {
    const auto sent = ::send(descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET)) return;
    require(sent == static_cast<ssize_t>(bytes.size()), "send");
}

std::string Line::reply() const {
    std::string text;
    std::array<char, 4096> chunk{};
    while (true) {
        const auto end = text.find(end_of_head);
        const auto length = text.find(length_field);
        if (end != std::string::npos && length < end &&
            text.size() >=
                end + end_of_head.size() + std::stoul(text.substr(length + length_field.size())))
            return text;
        const auto got = ::recv(descriptor(), chunk.data(), chunk.size(), 0);
        if (got == 0 || (got < 0 && errno == ECONNRESET)) return "";
        require(got > 0, "recv");
        text.append(chunk.data(), static_cast<std::size_t>(got));
    }
}

std::string Line::outcome() const {
    const std::string text = reply();
    if (text.empty()) return "closed";
    const std::string status = text.substr(text.find(' ') + 1, 3);
    const auto body = encode::parse_json(text.substr(text.find(end_of_head) + end_of_head.size()));
    if (!body) throw std::runtime_error(body.error().text() + ": " + text);
    if (status == "200") return "200 " + assurance_of(member(*body, "jws"));
    return status + " " + member(*body, "code");
}

void hear(const Line& line) {
    std::cout << line.outcome() << '\n' << std::flush;
}

void ask(const Line& line, std::string_view resource) {
    line.send(request_for(resource));
    hear(line);
}

void ready() {
    std::cout << "ready\n" << std::flush;
}

void wait() {
    std::string line;
    (void)std::getline(std::cin, line);
}

}  // namespace holdfast::attacks
