#include "policy/config_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

namespace holdfast::policy {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};

Error failed(const std::string& what, int number) {
    return {Code::unavailable, what + ": " + std::generic_category().message(number)};
}

Done check_writers(const struct stat& facts, const std::string& shown) {
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
        return Error(Code::invalid, shown + ": belongs to uid " + std::to_string(facts.st_uid) +
                                        " and should belong to root");
    if ((facts.st_mode & S_IWOTH) != 0)
        return Error(Code::invalid, shown + ": may be written by everybody");
    if ((facts.st_mode & S_IWGRP) != 0)
        return Error(Code::invalid, shown + ": may be written by its group");
    return done();
}

Done check_file(int descriptor, const std::string& name) {
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0) return failed(name, errno);
    if (!S_ISREG(facts.st_mode)) return Error(Code::invalid, name + ":1: not a regular file");
    return check_writers(facts, name + ":1");
}

}  // namespace

Result<ConfigFolder> ConfigFolder::open(const std::string& path) {
    Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder && errno == ENOENT) return failed(path, ENOENT).because(std::string(missing));
    struct stat facts{};
    if (!folder || ::fstat(folder.get(), &facts) != 0) return failed(path, errno);
    HOLDFAST_CHECK(check_writers(facts, path));
    return ConfigFolder(path, std::move(folder));
}

Result<std::vector<std::string>> ConfigFolder::names(std::string_view ending,
                                                     std::size_t at_most) const {
    // The stream takes a descriptor of its own along when it goes.
    Descriptor own(::openat(folder_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!own) return failed(path_, errno);
    const std::unique_ptr<DIR, CloseDirectory> open(::fdopendir(own.get()));
    if (open == nullptr) return failed(path_, errno);
    (void)own.give_away();
    std::vector<std::string> names;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this stream belongs to this call alone.
    while (const dirent* entry = ::readdir(open.get())) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (name.ends_with(ending) && !name.starts_with('.')) names.push_back(name);
    }
    if (errno != 0) return failed(path_, errno);
    if (names.size() > at_most)
        return Error(Code::invalid, path_ + ": more than " + std::to_string(at_most) + " *" +
                                        std::string(ending) + " files");
    std::sort(names.begin(), names.end());
    return names;
}

Result<std::string> ConfigFolder::content(const std::string& name, std::size_t at_most) const {
    // Non-blocking, so that a FIFO put there does not hang the daemon.
    const Descriptor file(::openat(folder_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ENOENT) return Error(Code::not_found, name + ": no such file");
    if (!file) return failed(name, errno);
    HOLDFAST_CHECK(check_file(file.get(), name));
    std::string content(at_most + 1, '\0');
    std::size_t size = 0;
    while (size < content.size()) {
        const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(name, errno);
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    content.resize(size);
    return content;
}

}  // namespace holdfast::policy
