#include "tests/support/child.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <utility>

namespace holdfast::test {
namespace {

void expect_byte(int descriptor) {
    char byte = 0;
    if (::read(descriptor, &byte, 1) != 1) throw std::runtime_error("the child said nothing");
}

[[noreturn]] void run(const Child::Body& body, const Pipe& in, const Pipe& out, uid_t uid) {
    (void)::dup2(in.read.get(), 0);
    (void)::dup2(out.write.get(), 1);
    if (uid != ::getuid() && ::setresuid(uid, uid, uid) != 0) ::_exit(2);
    body();
    ::_exit(0);
}

}  // namespace

Pipe::Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe2");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
}

void Pipe::tell(char byte) const {
    if (::write(write.get(), &byte, 1) != 1) throw std::runtime_error("nobody listens");
}

void Pipe::await() const {
    expect_byte(read.get());
}

Child Child::forked(const Body& body, uid_t uid) {
    Pipe in;
    Pipe out;
    Child child;
    child.pid_ = ::fork();
    if (child.pid_ < 0) throw std::runtime_error("fork");
    if (child.pid_ == 0) run(body, in, out, uid);
    child.pidfd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child.pid_, 0)));
    child.to_ = std::move(in.write);
    child.from_ = std::move(out.read);
    return child;
}

Child Child::echoing(const std::string& program, const std::vector<std::string>& environment,
                     uid_t uid) {
    std::vector<char*> variables;
    for (const auto& variable : environment)
        variables.push_back(const_cast<char*>(variable.c_str()));
    variables.push_back(nullptr);
    std::array<char*, 2> arguments = {const_cast<char*>(program.c_str()), nullptr};
    auto child =
        forked([&] { (void)::execve(program.c_str(), arguments.data(), variables.data()); }, uid);
    child.tell();
    child.await();
    return child;
}

Child::Child(Child&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      pidfd_(std::move(other.pidfd_)),
      to_(std::move(other.to_)),
      from_(std::move(other.from_)) {}

Child::~Child() {
    end();
}

void Child::end() {
    if (pid_ <= 0) return;
    (void)::kill(pid_, SIGKILL);
    (void)::waitpid(pid_, nullptr, 0);
    pid_ = -1;
}

void Child::tell(char byte) {
    if (::write(to_.get(), &byte, 1) != 1) throw std::runtime_error("the child does not listen");
}

void Child::await() {
    expect_byte(from_.get());
}

void child_tells() {
    if (::write(1, "x", 1) != 1) ::_exit(3);
}

void child_awaits() {
    char byte = 0;
    if (::read(0, &byte, 1) != 1) ::_exit(4);
}

Directory::Directory() {
    std::string pattern = "/tmp/holdfast-test-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp");
    // Children of another uid run programs from here.
    (void)::chmod(pattern.c_str(), 0755);
    path_ = pattern;
}

Directory::~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

void copy_program(const std::string& from, const std::string& to) {
    std::filesystem::copy_file(from, to, std::filesystem::copy_options::overwrite_existing);
    if (::chmod(to.c_str(), 0755) != 0) throw std::runtime_error("chmod");
}

}  // namespace holdfast::test
