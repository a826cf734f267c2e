// The processes of an attack: one that works and ends, one that dies when told, one that is a
// program.
#ifndef HOLDFAST_TESTS_ATTACKS_PROGRAM_H
#define HOLDFAST_TESTS_ATTACKS_PROGRAM_H

#include <sys/types.h>

#include <functional>
#include <string>

#include "holdfast/descriptor.h"
#include "tests/attacks/attacks.h"

namespace holdfast::attacks {

// A process that does `work` and ends.
pid_t child_that(const std::function<void()>& work);
void end_of(pid_t child);  // reaps it; throws unless it ended well
[[noreturn]] void become(Arguments program);

// A process that has done `work` once this is made, and then is there until it dies.
class Doomed {
  public:
    explicit Doomed(const std::function<void()>& work);
    pid_t die() const;  // reaped: its number is free

  private:
    pid_t pid_ = -1;
};

// A child that runs a program, spoken to by lines.
class Program {
  public:
    explicit Program(Arguments program);

    pid_t pid() const { return pid_; }
    std::string line();  // what it printed next
    void go_on();        // a line, for its `wait`
    void end() const;    // throws unless it ended well

  private:
    pid_t pid_ = -1;
    Descriptor to_, from_;
};

}  // namespace holdfast::attacks

#endif  // HOLDFAST_TESTS_ATTACKS_PROGRAM_H
