#include "hsm/key_files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace holdfast::hsm {
namespace {

constexpr std::size_t max_secret_file = 64;
constexpr const char* unfinished = ".unfinished";

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};

// At most `limit` bytes; errno says why when it fails, EFBIG for more than that.
bool read_all(int file, std::size_t limit, Bytes& into) {
    into.assign(limit + 1, 0);
    std::size_t size = 0;
    while (size < into.size()) {
        const ssize_t got = ::read(file, into.data() + size, into.size() - size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;
        if (got == 0) break;
        size += static_cast<std::size_t>(got);
    }
    into.resize(size);
    errno = EFBIG;
    return size <= limit;
}

bool write_all(int file, std::string_view content) {
    while (!content.empty()) {
        const ssize_t put = ::write(file, content.data(), content.size());
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(put));
    }
    return true;
}

bool ends_with(std::string_view text, std::string_view ending) noexcept {
    return text.size() > ending.size() && text.substr(text.size() - ending.size()) == ending;
}

}  // namespace

Result<SecretBytes> read_secret_file(const std::string& path) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    Bytes content;
    // One more byte than the longest secret, for its newline.
    if (!file || !read_all(file.get(), max_secret_file + 1, content))
        return Error(Code::unavailable, path + ": " + std::generic_category().message(errno));
    if (!content.empty() && content.back() == '\n') content.pop_back();
    return SecretBytes(std::move(content));
}

Result<KeyFiles> KeyFiles::open(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return Error(Code::unavailable, directory + ": " + std::generic_category().message(errno));
    Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
    struct stat facts{};
    if (!opened || ::fstat(opened.get(), &facts) != 0)
        return Error(Code::unavailable, directory + ": " + std::generic_category().message(errno));
    if ((facts.st_mode & 0077U) != 0 || facts.st_uid != ::geteuid())
        return Error(Code::denied, directory + ": must belong to the keys worker alone, mode 0700");
    return KeyFiles(std::move(opened), directory);
}

Error KeyFiles::failed(std::string_view verb, const std::string& name, int number) const {
    return {number == ENOENT ? Code::not_found : Code::unavailable,
            path_ + "/" + name + ": " + std::string(verb) + ": " +
                std::generic_category().message(number),
            Retry::never};
}

Done KeyFiles::sync() const {
    if (::fsync(directory_.get()) != 0) return failed("sync", "", errno);
    return done();
}

Done KeyFiles::write(const std::string& name, std::string_view content) {
    const std::string temporary = name + unfinished;
    const Descriptor file(::openat(directory_.get(), temporary.c_str(),
                                   O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
    if (!file || !write_all(file.get(), content) || ::fsync(file.get()) != 0)
        return failed("write", temporary, errno);
    if (::renameat(directory_.get(), temporary.c_str(), directory_.get(), name.c_str()) != 0)
        return failed("rename", name, errno);
    return sync();
}

Result<std::string> KeyFiles::read(const std::string& name, std::size_t at_most) const {
    const Descriptor file(
        ::openat(directory_.get(), name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    Bytes content;
    if (!file || !read_all(file.get(), at_most, content)) return failed("read", name, errno);
    return std::string(text_of(content));
}

Result<Descriptor> KeyFiles::open_to_append(const std::string& name) const {
    Descriptor file(
        ::openat(directory_.get(), name.c_str(), O_RDWR | O_APPEND | O_CLOEXEC | O_NOFOLLOW));
    if (!file) return failed("open", name, errno);
    return file;
}

Done KeyFiles::erase(const std::string& name) {
    if (::unlinkat(directory_.get(), name.c_str(), 0) != 0 && errno != ENOENT)
        return failed("erase", name, errno);
    return sync();
}

Result<std::vector<std::string>> KeyFiles::stems(std::string_view ending) const {
    // A descriptor of its own: readdir moves the offset.
    Descriptor again(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!again) return failed("list", "", errno);
    const std::unique_ptr<DIR, CloseDirectory> listing(::fdopendir(again.get()));
    if (!listing) return failed("list", "", errno);
    (void)again.give_away();
    std::vector<std::string> found;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): a stream of our own, readdir(3)
    while (const dirent* entry = ::readdir(listing.get())) {
        const std::string_view name(static_cast<const char*>(entry->d_name));
        if (ends_with(name, ending))
            found.emplace_back(name.substr(0, name.size() - ending.size()));
    }
    std::sort(found.begin(), found.end());
    return found;
}

}  // namespace holdfast::hsm
