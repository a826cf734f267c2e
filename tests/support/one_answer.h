// OneAnswer: a daemon's socket that answers one request, and keeps what was asked.
#ifndef HOLDFAST_TESTS_SUPPORT_ONE_ANSWER_H
#define HOLDFAST_TESTS_SUPPORT_ONE_ANSWER_H

#include <sys/socket.h>
#include <sys/un.h>

#include <array>
#include <string>
#include <thread>

#include "holdfast/descriptor.h"
#include "tests/support/catch.h"
#include "tests/support/temporary_directory.h"

namespace holdfast::tests {

class OneAnswer {
  public:
    explicit OneAnswer(const std::string& body)
        : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        struct sockaddr_un name{};
        name.sun_family = AF_UNIX;
        path().copy(static_cast<char*>(name.sun_path), sizeof name.sun_path - 1);
        REQUIRE(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name) ==
                0);
        REQUIRE(::listen(listener_.get(), 1) == 0);
        server_ = std::thread([this, body] { answer(body); });
    }
    OneAnswer(const OneAnswer&) = delete;
    OneAnswer& operator=(const OneAnswer&) = delete;
    ~OneAnswer() {
        if (server_.joinable()) server_.join();
    }

    std::string path() const { return directory_.file("sock"); }
    std::string request() {
        server_.join();
        return request_;
    }

  private:
    // Our client ends nothing before it is answered: its body is all there with the last byte '}',
    // and a GET has none.
    void answer(const std::string& body) {
        const Descriptor connection(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        std::array<char, 4096> piece{};
        while (!request_.ends_with('}') && !request_.ends_with("\r\n\r\n")) {
            const auto got = ::read(connection.get(), piece.data(), piece.size());
            if (got <= 0) break;
            request_.append(piece.data(), static_cast<std::size_t>(got));
        }
        const std::string reply =
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
            "Content-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body;
        (void)::send(connection.get(), reply.data(), reply.size(), MSG_NOSIGNAL);
    }

    TemporaryDirectory directory_;
    Descriptor listener_;
    std::string request_;
    std::thread server_;
};

}  // namespace holdfast::tests

#endif  // HOLDFAST_TESTS_SUPPORT_ONE_ANSWER_H
