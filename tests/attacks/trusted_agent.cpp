// trusted-agent: the program an agent file names. An attacker may run it too, with any arguments:
// they say, in order, what it does. None of it is an attack.
//   connect             to $HOLDFAST_SOCKET         inherit        the socket it was started with
//   take                a socket from its parent    give           its socket to its parent
//   tell RESOURCE       ask for a signature         hear           say what became of it
//   ask RESOURCE        both                        ready, wait    for who watches
//   load LIBRARY        dlopen                      become-uid U   all three uids it can set
//   become PROGRAM ARG… exec, the socket inherited
#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "tests/attacks/line.h"

namespace {

using namespace holdfast::attacks;

class Agent {
  public:
    explicit Agent(char** words) : words_(words) {}
    void work();

  private:
    void step(std::string_view word);
    void load(const char* library);
    void become_uid(const char* uid);
    void become(char** program);
    const char* next();
    const Line& line() const;

    char** words_;
    std::optional<Line> line_;
};

void Agent::work() {
    while (*words_ != nullptr)
        step(next());
}

void Agent::step(std::string_view word) {
    if (word == "connect") return void(line_.emplace(Line::connected()));
    if (word == "inherit") return void(line_.emplace(Line::inherited()));
    if (word == "take") return void(line_.emplace(Line::taken_from(parent_number)));
    if (word == "give") return line().give_to(parent_number);
    if (word == "tell") return line().send(request_for(next()));
    if (word == "hear") return hear(line());
    if (word == "ask") return ask(line(), next());
    if (word == "ready") return ready();
    if (word == "wait") return wait();
    if (word == "load") return load(next());
    if (word == "become-uid") return become_uid(next());
    if (word == "become") return become(words_);
    throw std::runtime_error("unknown step " + std::string(word));
}

void Agent::load(const char* library) {
    if (::dlopen(library, RTLD_NOW) == nullptr) throw std::runtime_error(::dlerror());
}

void Agent::become_uid(const char* text) {
    const auto uid = static_cast<uid_t>(std::stoul(text));
    require(::setresuid(uid, uid, uid) == 0, "setresuid");
}

void Agent::become(char** program) {
    line().leave_to_next_program();
    (void)::execv(program[0], program);
    require(false, "exec");
}

const char* Agent::next() {
    if (*words_ == nullptr) throw std::runtime_error("a word is missing");
    return *words_++;
}

const Line& Agent::line() const {
    if (!line_) throw std::runtime_error("not connected");
    return *line_;
}

}  // namespace

int main(int /*argc*/, char** argv) {
    try {
        Agent(argv + 1).work();
        return 0;
    } catch (const std::exception& problem) {
        std::cerr << "trusted-agent: " << problem.what() << '\n';
        return 2;
    }
}
