// Child: a process of the test's own, spoken to over two pipes, ended by its pid when it goes.
#ifndef HOLDFAST_TESTS_SUPPORT_CHILD_H
#define HOLDFAST_TESTS_SUPPORT_CHILD_H

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

#include "holdfast/descriptor.h"

namespace holdfast::test {

// Lets one side wait for the other, without a clock.
class Pipe {
  public:
    Pipe();
    void tell(char byte = 'x') const;
    void await() const;

    Descriptor read, write;
};

class Child {
  public:
    // Runs in the forked process, which then ends. Its descriptors 0 and 1 are the pipes.
    using Body = std::function<void()>;
    static Child forked(const Body& body, uid_t uid);
    // Starts `program`, which must echo what it reads (cat); returns once it did, so it is loaded.
    static Child echoing(const std::string& program, const std::vector<std::string>& environment,
                         uid_t uid);

    Child(Child&&) noexcept;
    Child& operator=(Child&&) = delete;
    ~Child();

    pid_t pid() const { return pid_; }
    int pidfd() const { return pidfd_.get(); }
    void tell(char byte = 'x');  // to its standard input
    void await();                // one byte from its standard output
    void end();                  // kills and reaps it now

  private:
    Child() = default;
    pid_t pid_ = -1;
    Descriptor pidfd_, to_, from_;
};

// The other side, inside a forked body.
void child_tells();
void child_awaits();

// A directory of its own, removed when it goes.
class Directory {
  public:
    Directory();
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory();
    std::string path(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

// Copies a program to a path of the test's, mode 0755.
void copy_program(const std::string& from, const std::string& to);

}  // namespace holdfast::test

#endif  // HOLDFAST_TESTS_SUPPORT_CHILD_H
