#include "tests/attacks/program.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <exception>
#include <iostream>
#include <stdexcept>

#include "tests/attacks/line.h"

namespace holdfast::attacks {

pid_t child_that(const std::function<void()>& work) {
    const pid_t child = ::fork();
    require(child >= 0, "fork");
    if (child > 0) return child;
    try {
        work();
    } catch (const std::exception& problem) {
        std::cerr << "attacker: " << problem.what() << '\n' << std::flush;
        ::_exit(2);
    }
    std::cout.flush();
    ::_exit(0);
}

void end_of(pid_t child) {
    int status = 0;
    require(::waitpid(child, &status, 0) == child, "waitpid");
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw std::runtime_error("a child of the attack failed");
}

void become(Arguments program) {
    if (program.empty()) throw std::runtime_error("which program?");
    (void)::execv(program.front(), program.data());
    require(false, "exec");
    ::_exit(2);
}

Doomed::Doomed(const std::function<void()>& work) {
    std::array<int, 2> gate{};
    require(::pipe2(gate.data(), O_CLOEXEC) == 0, "pipe");
    const Descriptor done(gate[0]);
    Descriptor doing(gate[1]);
    pid_ = child_that([&] {
        work();
        require(::write(doing.get(), "x", 1) == 1, "write");
        (void)::pause();
    });
    doing = Descriptor();
    char byte = 0;
    require(::read(done.get(), &byte, 1) == 1, "a child of the attack failed; read");
}

pid_t Doomed::die() const {
    require(::kill(pid_, SIGKILL) == 0, "kill");
    require(::waitpid(pid_, nullptr, 0) == pid_, "waitpid");
    return pid_;
}

Program::Program(Arguments program) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    require(::pipe2(in.data(), O_CLOEXEC) == 0 && ::pipe2(out.data(), O_CLOEXEC) == 0, "pipe");
    pid_ = child_that([&] {
        require(::dup2(in[0], STDIN_FILENO) == 0 && ::dup2(out[1], STDOUT_FILENO) == 1, "dup2");
        become(program);
    });
    // Its own ends are its alone, or its death would not end the pipe.
    (void)::close(in[0]);
    (void)::close(out[1]);
    to_ = Descriptor(in[1]);
    from_ = Descriptor(out[0]);
}

std::string Program::line() {
    std::string text;
    char letter = 0;
    while (true) {
        require(::read(from_.get(), &letter, 1) == 1, "the program ended; read");
        if (letter == '\n') return text;
        text += letter;
    }
}

void Program::go_on() {
    require(::write(to_.get(), "\n", 1) == 1, "write");
}

void Program::end() const {
    end_of(pid_);
}

}  // namespace holdfast::attacks
