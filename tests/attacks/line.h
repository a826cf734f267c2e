// Line: one connection to the daemon as the attack programs use it: any bytes, any descriptor.
#ifndef HOLDFAST_TESTS_ATTACKS_LINE_H
#define HOLDFAST_TESTS_ATTACKS_LINE_H

#include <sys/types.h>

#include <string>
#include <string_view>

#include "holdfast/descriptor.h"

namespace holdfast::attacks {

// Where a program finds what it inherited: the daemon's socket, and a way to its parent.
inline constexpr int socket_number = 9;
inline constexpr int parent_number = 8;

// A signing request for `resource`, in the daemon's own words.
std::string request_for(std::string_view resource);

// Everything here throws std::runtime_error: an attack that could not be carried out is no result.
class Line {
  public:
    explicit Line(Descriptor socket) : socket_(std::move(socket)) {}
    static Line unconnected();
    static Line connected();  // to $HOLDFAST_SOCKET
    static Line inherited() { return Line(Descriptor(socket_number)); }
    static Line taken_from(int channel);  // by SCM_RIGHTS

    void connect() const;
    // A daemon that has hung up already is part of the outcome, not an error.
    void send(std::string_view bytes) const;
    void give_to(int channel) const;     // by SCM_RIGHTS
    void leave_to_next_program() const;  // under socket_number
    int descriptor() const { return socket_.get(); }

    // The reply: "403 foreign_sender" (status and code), "200 observed" (status and the assurance
    // inside the signed action) or "closed". A signed action is also added to $ATTACK_JWS.
    std::string outcome() const;

  private:
    std::string reply() const;

    Descriptor socket_;
};

// Prints the outcome.
void hear(const Line& line);
// Sends a whole request first.
void ask(const Line& line, std::string_view resource);

// For who watches: "ready", and then waits for a line on standard input.
void ready();
void wait();

// Throws with errno's text unless `condition`.
void require(bool condition, const char* step);

}  // namespace holdfast::attacks

#endif  // HOLDFAST_TESTS_ATTACKS_LINE_H
