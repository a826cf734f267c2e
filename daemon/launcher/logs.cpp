#include "daemon/launcher/logs.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <system_error>

namespace holdfast::daemon {
namespace {

constexpr mode_t file_mode = 0640;
constexpr std::size_t piece = 64UL * 1024;

Result<Descriptor> open_log(const std::string& path, gid_t readers) {
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    Descriptor file(::open(path.c_str(), flags, file_mode));
    struct stat facts{};
    if (!file || ::fstat(file.get(), &facts) != 0 || !S_ISREG(facts.st_mode) ||
        ::fchmod(file.get(), file_mode) != 0 ||
        ::fchown(file.get(), static_cast<uid_t>(-1), readers) != 0)
        return Error(Code::unavailable, path + ": " + std::generic_category().message(errno));
    return file;
}

}  // namespace

Result<AgentLog> AgentLog::open(const std::string& path, gid_t readers, std::uint64_t bound) {
    HOLDFAST_TRY(file, open_log(path, readers));
    struct stat facts{};
    if (::fstat(file.get(), &facts) != 0)
        return Error(Code::unavailable, path + ": " + std::generic_category().message(errno));
    return AgentLog(std::move(file), path, readers, static_cast<std::uint64_t>(facts.st_size),
                    bound);
}

// Somebody may have removed the file; what else keeps it in its place keeps it as long as it is.
bool AgentLog::rotate() {
    if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0 && errno != ENOENT) return false;
    auto file = open_log(path_, readers_);
    if (!file) return false;
    file_ = *std::move(file);
    size_ = 0;
    return true;
}

// A full disk, and a file that cannot be rotated, lose what is printed: an agent must not stand
// still because nobody can read it. One piece a turn: an agent that prints without end keeps nobody
// else waiting.
bool AgentLog::take_from(int pipe) {
    // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init): read fills it
    std::array<char, piece> buffer;
    const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got == 0) return false;
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (size_ + static_cast<std::uint64_t>(got) > bound_ && !rotate()) return true;
    const ssize_t put = ::write(file_.get(), buffer.data(), static_cast<std::size_t>(got));
    if (put > 0) size_ += static_cast<std::uint64_t>(put);
    return true;
}

}  // namespace holdfast::daemon
