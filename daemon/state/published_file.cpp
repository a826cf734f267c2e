#include "daemon/state/published_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "holdfast/descriptor.h"

namespace holdfast::daemon {
namespace {

constexpr mode_t for_all_to_read = 0644;

Error failed(const std::string& path) {
    return Error(Code::unavailable, path + ": " + std::generic_category().message(errno),
                 Retry::later);
}

Done write_all(int file, ByteView content, const std::string& path) {
    while (!content.empty()) {
        const auto size = ::write(file, content.data(), content.size());
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) return failed(path);
        content = content.subspan(static_cast<std::size_t>(size));
    }
    // The umask of a daemon is narrow, and this is meant to be read.
    if (::fchmod(file, for_all_to_read) != 0 || ::fsync(file) != 0) return failed(path);
    return done();
}

}  // namespace

Done replace_file(const std::string& path, ByteView content) {
    const std::string next = path + ".new";
    {
        // What a crash left, or anybody put there: never written to, whoever holds it open.
        if (::unlink(next.c_str()) != 0 && errno != ENOENT) return failed(next);
        const Descriptor file(
            ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, for_all_to_read));
        if (!file) return failed(next);
        HOLDFAST_CHECK(write_all(file.get(), content, next));
    }
    if (std::rename(next.c_str(), path.c_str()) != 0) return failed(path);
    const auto folder_name = std::filesystem::path(path).parent_path().string();
    const Descriptor folder(::open(folder_name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::fsync(folder.get()) != 0) return failed(folder_name);
    return done();
}

PublishedFile::PublishedFile(boost::asio::any_io_executor loop, std::string path)
    : path_(std::move(path)), writing_(std::move(loop)) {}

Async<std::monostate> PublishedFile::write(Bytes content) {
    auto job = [path = path_, bytes = std::move(content)] { return replace_file(path, bytes); };
    return writing_.run<std::monostate>(std::move(job));
}

}  // namespace holdfast::daemon
