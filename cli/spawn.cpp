#include "cli/spawn.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "holdfast/descriptor.h"

namespace holdfast::cli {
namespace {

Error failed(const std::string& what, int cause) {
    return {cause == ENOENT ? Code::not_found : Code::internal,
            what + ": " + std::generic_category().message(cause)};
}

// In memory, so that nobody waits for anybody: the program reads when it likes.
Result<Descriptor> input_of(ByteView bytes) {
    Descriptor memory(::memfd_create("holdfast-input", MFD_CLOEXEC));
    if (!memory) return failed("memfd_create", errno);
    for (ByteView rest = bytes; !rest.empty();) {
        const ssize_t wrote = ::write(memory.get(), rest.data(), rest.size());
        if (wrote < 0 && errno != EINTR) return failed("memfd", errno);
        if (wrote > 0) rest = rest.subspan(static_cast<std::size_t>(wrote));
    }
    if (::lseek(memory.get(), 0, SEEK_SET) != 0) return failed("memfd", errno);
    return memory;
}

// posix_spawn's list of what to do to descriptors; freed when it goes.
class Actions {
  public:
    Actions() { (void)::posix_spawn_file_actions_init(&actions_); }
    Actions(const Actions&) = delete;
    Actions& operator=(const Actions&) = delete;
    ~Actions() { (void)::posix_spawn_file_actions_destroy(&actions_); }
    void put(const Descriptor& descriptor, int number) {
        (void)::posix_spawn_file_actions_adddup2(&actions_, descriptor.get(), number);
    }
    void silence(int number) {
        (void)::posix_spawn_file_actions_addopen(&actions_, number, "/dev/null", O_WRONLY, 0);
    }
    const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
};

Result<std::string> read_all(const Descriptor& source, std::size_t max) {
    std::string text;
    std::array<char, 4096> piece{};
    while (true) {
        const ssize_t got = ::read(source.get(), piece.data(), piece.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed("pipe", errno);
        if (got == 0) return text;
        if (text.size() + static_cast<std::size_t>(got) > max)
            return Error(Code::invalid, "said more than " + std::to_string(max) + " bytes");
        text.append(piece.data(), static_cast<std::size_t>(got));
    }
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    constexpr int killed = 128;  // as shells say it
    return WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status);
}

Result<pid_t> start(const Program& program, const Descriptor& input, const Descriptor& output) {
    Actions actions;
    actions.put(input, STDIN_FILENO);
    actions.put(output, STDOUT_FILENO);
    const bool alone = program.world == Program::World::empty;
    if (alone) actions.silence(STDERR_FILENO);
    std::vector<std::string> arguments = program.arguments;
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::array<char*, 1> nothing{nullptr};
    pid_t pid = 0;
    const int cause = ::posix_spawnp(&pid, argv[0], actions.get(), nullptr, argv.data(),
                                     alone ? nothing.data() : environ);
    if (cause != 0) return failed(program.arguments[0], cause);
    return pid;
}

}  // namespace

Result<Finished> run_program(const Program& program) {
    HOLDFAST_TRY(input, input_of(program.input));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
    const Descriptor reading(ends[0]);
    Descriptor writing(ends[1]);
    HOLDFAST_TRY(pid, start(program, input, writing));
    writing = Descriptor();  // or the end would never come
    auto output = read_all(reading, program.max_output);
    const int status = wait_for(pid);
    if (!output) return std::move(output).error().within(program.arguments[0]);
    return Finished{status, *std::move(output)};
}

}  // namespace holdfast::cli
