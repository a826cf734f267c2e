// Malformed: every class of bad input the daemon's sockets may meet, and what each one gets.
#ifndef HOLDFAST_TESTS_SUPPORT_MALFORMED_H
#define HOLDFAST_TESTS_SUPPORT_MALFORMED_H

#include <cstdint>
#include <string>
#include <vector>

namespace holdfast::test {

// How the bytes are sent, and what the client does then.
enum class Manner : std::uint8_t {
    plain,                // in one piece
    half_closed,          // then no more will follow, and the answer is awaited
    abandoned,            // then closed at once, without waiting for anything
    slow,                 // then silence
    dripping,             // a byte now and then, for as long as the daemon takes them
    descriptors,          // with one descriptor attached
    descriptors_in_bulk,  // with as many as one message takes
};

struct Malformed {
    std::string kind;  // "head", "JSON" …, as docs/protocol.md groups them
    std::string what;
    std::string bytes;
    int status;          // 0: closed without a word
    std::string code;    // "" for what is no problem
    std::string detail;  // part of the problem's text, where code alone does not tell
    Manner manner = Manner::plain;
    bool costly = false;  // signs, or reads and applies files: one round in ten
};

// A route that takes a body, and how much of it.
struct BodyRoute {
    std::string path;
    std::size_t max_body;
};
inline const BodyRoute actions{"/v1/actions", 64UL * 1024};
inline const BodyRoute apply{"/v1/apply", 4UL * 1024};

// Refused before anybody is recognised, so the same on both sockets; the connection ends each time.
std::vector<Malformed> bad_requests(const BodyRoute& route);
// Bytes that are no HTTP at all, other ones for each seed.
std::vector<Malformed> noise(std::uint32_t seed);
// To the agent socket by a recognised agent; the connection goes on.
std::vector<Malformed> bad_actions(const std::string& audience);
// To the admin socket; the connection goes on.
std::vector<Malformed> bad_applies();
// Each takes as long as the daemon waits for a request.
std::vector<Malformed> slow_senders(const BodyRoute& route);

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_MALFORMED_H
