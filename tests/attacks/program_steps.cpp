// Steps of a launched agent: other programs, and other processes of its own.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "holdfast/descriptor.h"
#include "tests/attacks/line.h"
#include "tests/attacks/program.h"
#include "tests/attacks/steps.h"

namespace holdfast::attacks {
namespace {

constexpr const char* tool = "bin/tool";

std::vector<char*> pointers_to(Words& words) {
    std::vector<char*> pointers;
    pointers.reserve(words.size() + 1);
    for (auto& word : words)
        pointers.push_back(word.data());
    pointers.push_back(nullptr);
    return pointers;
}

// Comes back only when the kernel refuses.
void become_file(const char* file, Words words) {
    words.insert(words.begin(), file);
    (void)::execv(file, pointers_to(words).data());
    print_outcome(false, "");
}

std::string content_of_tool() {
    std::ifstream file(tool, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

void become_memory(Words words) {
    const std::string program = content_of_tool();
    const int memory = ::memfd_create("tool", MFD_CLOEXEC);
    require(::write(memory, program.data(), program.size()) == static_cast<ssize_t>(program.size()),
            "write");
    words.insert(words.begin(), tool);
    (void)::fexecve(memory, pointers_to(words).data(), environ);
    print_outcome(false, "");
}

}  // namespace

void in_child(const Words& step) {
    end_of(child_that([&] { perform(step); }));
}

void in_tool(const Words& step) {
    end_of(child_that([&] { become_file(tool, step); }));
}

void in_tool_from_memory(const Words& step) {
    end_of(child_that([&] { become_memory(step); }));
}

void exec_tool(const Words& /*none*/) {
    become_file(tool, {"ask-anew", "stolen"});
}

void exec_tool_in_thread(const Words& /*none*/) {
    std::thread([] { become_file(tool, {"ask-anew", "stolen"}); }).join();
}

void run_file(const Words& program) {
    end_of(child_that([&] { become_file(program.at(0).c_str(), {}); }));
}

}  // namespace holdfast::attacks
