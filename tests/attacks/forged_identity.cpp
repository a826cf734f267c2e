// What a process can say of itself, or of others of its uid: its executable, its pid, their words.
#include <fcntl.h>
#include <linux/prctl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/attacks/attacks.h"
#include "tests/attacks/line.h"
#include "tests/attacks/own_mappings.h"
#include "tests/attacks/program.h"
#include "tests/support/ancillary.h"

namespace holdfast::attacks {
namespace {

// Fields of /proc/PID/stat from the third on, by their numbers in proc_pid_stat(5).
std::vector<std::uint64_t> own_stat() {
    std::ifstream file("/proc/self/stat");
    std::string text;
    std::getline(file, text);
    std::istringstream rest(text.substr(text.rfind(')') + 4));  // past the state letter
    std::vector<std::uint64_t> fields(4, 0);
    for (std::string field; rest >> field;)
        fields.push_back(field.starts_with('-') ? 0 : std::stoull(field));
    return fields;
}

// The layout as it is, so that only the executable's link changes.
prctl_mm_map own_layout() {
    const auto stat = own_stat();
    prctl_mm_map map{};
    map.start_code = stat.at(26);
    map.end_code = stat.at(27);
    map.start_stack = stat.at(28);
    map.start_data = stat.at(45);
    map.end_data = stat.at(46);
    map.start_brk = stat.at(47);
    map.brk = reinterpret_cast<std::uintptr_t>(::sbrk(0));
    map.arg_start = stat.at(48);
    map.arg_end = stat.at(49);
    map.env_start = stat.at(50);
    map.env_end = stat.at(51);
    return map;
}

struct Range {
    off_t start = 0, end = 0;
};

std::vector<Range> writable_memory(pid_t process) {
    std::ifstream maps("/proc/" + std::to_string(process) + "/maps");
    std::vector<Range> ranges;
    for (std::string line; std::getline(maps, line);) {
        if (line.find(" rw-p ") == std::string::npos) continue;
        const auto dash = line.find('-');
        ranges.push_back({std::stol(line.substr(0, dash), nullptr, 16),
                          std::stol(line.substr(dash + 1), nullptr, 16)});
    }
    return ranges;
}

bool replace_in(int memory, const Range& range, const std::string& from, const std::string& to) {
    std::string text(static_cast<std::size_t>(range.end - range.start), '\0');
    if (::pread(memory, text.data(), text.size(), range.start) < 0) return false;
    bool replaced = false;
    for (auto at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
        const auto where = range.start + static_cast<off_t>(at);
        replaced = ::pwrite(memory, to.data(), to.size(), where) > 0 || replaced;
    }
    return replaced;
}

void write_text(const char* file, const std::string& text) {
    const Descriptor opened(::open(file, O_WRONLY | O_CLOEXEC));
    require(::write(opened.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()),
            file);
}

// A user namespace with this very uid in it and a pid namespace: root over its processes' numbers.
void be_master_of_a_namespace() {
    const std::string uid = std::to_string(::getuid());
    const std::string gid = std::to_string(::getgid());
    require(::unshare(CLONE_NEWUSER | CLONE_NEWPID) == 0, "unshare");
    write_text("/proc/self/setgroups", "deny");
    write_text("/proc/self/uid_map", uid + " " + uid + " 1");
    write_text("/proc/self/gid_map", gid + " " + gid + " 1");
}

void send_as(pid_t claimed, const Line& line, const std::string& words) {
    const bool sent = test::send_as(line.descriptor(), words, {claimed, ::getuid(), ::getgid()});
    require(sent, "sendmsg with another's pid");
}

}  // namespace

// PR_SET_MM_MAP asks for a capability in one's own user namespace only. Nothing of this program is
// mapped from its file any more, so the rest of /proc fits the lie.
void forge_executable(Arguments trusted) {
    const Descriptor wanted(::open(trusted[0], O_RDONLY | O_CLOEXEC));
    require(static_cast<bool>(wanted), "open");
    prctl_mm_map map = own_layout();
    map.exe_fd = static_cast<unsigned>(wanted.get());
    require(::unshare(CLONE_NEWUSER) == 0, "unshare");
    require(forget_file("/attacker"), "mremap");
    require(::prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof(map), 0) == 0, "PR_SET_MM_MAP");
    ask(Line::connected(), "stolen");
}

// The trusted program connects and waits; this one sends over its socket, and signs with its pid.
void forge_sender(Arguments trusted) {
    be_master_of_a_namespace();
    end_of(child_that([&] {
        const Line line = Line::unconnected();
        std::array<int, 2> gate{};
        require(::pipe2(gate.data(), O_CLOEXEC) == 0, "pipe");
        const pid_t program = child_that([&] {
            line.connect();
            require(::dup2(gate[1], STDOUT_FILENO) == STDOUT_FILENO, "dup2");
            become(trusted);
        });
        // It has said that it is ready: all its code is there to be measured.
        char byte = 0;
        require(::read(gate[0], &byte, 1) == 1, "read");
        send_as(program, line, request_for("stolen"));
        hear(line);
        require(::kill(program, SIGKILL) == 0, "kill");
    }));
}

// The program is the real one and so is its connection; what it says was put into its memory.
void rewrite_memory(Arguments trusted) {
    Program program(trusted);
    (void)program.line();  // "ready": it waits
    const std::string name = "/proc/" + std::to_string(program.pid()) + "/mem";
    const Descriptor memory(::open(name.c_str(), O_RDWR | O_CLOEXEC));
    require(static_cast<bool>(memory), "open mem");
    bool replaced = false;
    for (const auto& range : writable_memory(program.pid()))
        replaced = replace_in(memory.get(), range, "honest", "stolen") || replaced;
    if (!replaced) throw std::runtime_error("nothing to replace");
    program.go_on();
    std::cout << program.line() << '\n' << std::flush;
    program.end();
}

}  // namespace holdfast::attacks
