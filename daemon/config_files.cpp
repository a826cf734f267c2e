#include "daemon/config_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>

#include "daemon/config.h"
#include "holdfast/descriptor.h"

namespace holdfast::daemon {
namespace {

Done check_file(int descriptor, const std::string& path) {
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0 || !S_ISREG(facts.st_mode))
        return Error(Code::invalid, path + ": not a regular file");
    if (facts.st_uid != 0 && facts.st_uid != ::geteuid())
        return Error(Code::invalid, path + ": must belong to root");
    // Whoever may write this file decides which programs root starts.
    if ((facts.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        return Error(Code::invalid, path + ": may be written by its group or by others");
    return done();
}

}  // namespace

Result<std::string> read_config_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
    if (!file) return Error(Code::not_found, path + ": " + std::generic_category().message(errno));
    HOLDFAST_CHECK(check_file(file.get(), path));
    std::string text(max_config_file + 1, '\0');
    std::size_t size = 0;
    while (size < text.size()) {
        const auto got = ::read(file.get(), text.data() + size, text.size() - size);
        if (got < 0)
            return Error(Code::unavailable, path + ": " + std::generic_category().message(errno));
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    if (size > max_config_file) return Error(Code::invalid, path + ": too large");
    text.resize(size);
    return text;
}

Result<std::vector<std::string>> config_files(const std::string& path) {
    std::vector<std::string> files{path};
    const std::filesystem::path folder = path + ".d";
    std::error_code error;
    std::filesystem::directory_iterator entries(folder, error);
    if (error == std::errc::no_such_file_or_directory) return files;
    for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
        if (entries->path().extension() == ".conf") files.push_back(entries->path().string());
    }
    if (error) return Error(Code::unavailable, folder.string() + ": " + error.message());
    std::sort(files.begin() + 1, files.end());
    return files;
}

}  // namespace holdfast::daemon
