// What a launched agent can be told to try: each is one function, is given its words and prints one
// outcome.
#ifndef HOLDFAST_TESTS_ATTACKS_STEPS_H
#define HOLDFAST_TESTS_ATTACKS_STEPS_H

#include <string>
#include <vector>

namespace holdfast::attacks {

using Words = std::vector<std::string>;

// One step and its words.
void perform(const Words& words);

// Prints what the kernel said: "EPERM", or `done` where it did what it was asked.
void print_outcome(bool succeeded, const char* done);

// signing_steps.cpp: who asks, and over whose connection?
void ask_on_own_line(const Words& resource);  // one connection, kept
void ask_anew(const Words& resource);
void give_to_child(const Words& resource);         // its own line, which the child asks over
void give_to_stranger(const Words& channel);       // its own line, to who connects there
void take_from_stranger(const Words& channel);     // asks over what it is given there
void be_given(const Words& channel_and_resource);  // as that stranger
void give_own(const Words& channel);               // as that stranger

// program_steps.cpp: other programs, and other processes of its own.
void in_child(const Words& step);
void in_tool(const Words& step);              // bin/tool of the tree
void in_tool_from_memory(const Words& step);  // the same to the byte, from a memfd
void exec_tool(const Words& none);            // itself
void exec_tool_in_thread(const Words& none);
void run_file(const Words& program);  // a child becomes any other file

// kernel_steps.cpp: what the kernel and the sandbox say.
void map_file(const Words& path);  // executable
void map_anonymous(const Words& none);
void open_file(const Words& path);
void look_into(const Words& pid);  // every way into another process
void forge_link(const Words& none);
void user_namespace(const Words& none);
void variables(const Words& none);

}  // namespace holdfast::attacks

#endif  // HOLDFAST_TESTS_ATTACKS_STEPS_H
