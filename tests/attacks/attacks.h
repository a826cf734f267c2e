// The attacks: each is one function, is given its arguments and prints one outcome.
#ifndef HOLDFAST_TESTS_ATTACKS_ATTACKS_H
#define HOLDFAST_TESTS_ATTACKS_ATTACKS_H

#include <span>

namespace holdfast::attacks {

// After the attack's own name; argv's strings, the last one is followed by a null pointer.
using Arguments = std::span<char*>;

// socket_handover.cpp: whose socket, whose bytes?
void fork_exec(Arguments trusted);
void give_socket(Arguments trusted);
void take_socket(Arguments trusted);
void speak(Arguments none);  // over the socket it was started with
void heir_of_the_dead(Arguments none);
void die_before_accept(Arguments none);
void send_then_become(Arguments trusted);

// reused_pid.cpp: another process of the same number. As root, who may choose a number.
void reuse_pid_before_accept(Arguments uid_and_trusted);
void reuse_pid_after_accept(Arguments uid_and_trusted);

// forged_identity.cpp: what a process can say of itself, or of its like.
void forge_executable(Arguments trusted);
void forge_sender(Arguments trusted);
void rewrite_memory(Arguments trusted);

// own_code.cpp: code that nobody can look at, or that changes.
void run_from_memory(Arguments trusted);
void run_deleted(Arguments trusted);
void write_file(Arguments file);
void store_into_file(Arguments file_and_dirty);

// odd_peers.cpp: those that do not answer, or are no longer there.
void stop_peer(Arguments trusted);
void leave_at_once(Arguments count);

// old_kernel.cpp: runs a program as before Linux 6.5, without SO_PEERPIDFD.
void old_kernel(Arguments program);

}  // namespace holdfast::attacks

#endif  // HOLDFAST_TESTS_ATTACKS_ATTACKS_H
