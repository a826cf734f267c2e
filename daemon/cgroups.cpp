#include "daemon/cgroups.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <sstream>
#include <system_error>
#include <vector>

namespace holdfast::daemon {
namespace {

constexpr std::string_view own_line = "0::";
constexpr mode_t folder_mode = 0755;

Error missing(const std::string& why) {
    return Error(Code::unavailable, "no control group for agents (" + why + ")")
        .because("cgroup_unavailable");
}

Error failed(const std::string& step) {
    return missing(step + ": " + std::generic_category().message(errno));
}

// Files of /proc have no size.
std::string text_of_file(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Done write_to(int directory, const char* name, std::string_view value) {
    const Descriptor file(::openat(directory, name, O_WRONLY | O_CLOEXEC));
    if (!file) return failed(name);
    if (::write(file.get(), value.data(), value.size()) != static_cast<ssize_t>(value.size()))
        return failed(name);
    return done();
}

Result<Descriptor> open_folder(int parent, const std::string& name) {
    Descriptor folder(
        ::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!folder) return failed(name);
    return folder;
}

// Directories can be made in a tmpfs mounted at the same place as well: asked of the file system.
Done check_is_cgroup(int directory) {
    struct statfs facts{};
    if (::fstatfs(directory, &facts) != 0) return failed("statfs");
    if (facts.f_type != CGROUP2_SUPER_MAGIC) return missing("not a cgroup2 file system");
    return done();
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};

std::vector<std::string> folders_in(int directory) {
    std::vector<std::string> names;
    Descriptor own(::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseDirectory> open(::fdopendir(own.get()));
    if (!open) return names;
    (void)own.give_away();
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this stream belongs to this call alone.
    while (const dirent* entry = ::readdir(open.get())) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (entry->d_type == DT_DIR && name != "." && name != "..") names.push_back(name);
    }
    return names;
}

struct Home {
    Descriptor parent;
    std::string name;
    std::string path;  // as /proc/PID/cgroup shows it
};

// Only to tell two daemons of one host apart (FNV-1a).
std::string digits_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : text)
        hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
    std::ostringstream digits;
    digits << std::hex << hash;
    return digits.str();
}

// "a/b" below "/a" is "/b"; nothing when it is not below.
std::optional<std::string> below(std::string_view path, std::string_view root) {
    if (root == "/") return std::string(path);
    if (path == root) return std::string("/");
    if (!path.starts_with(std::string(root) + "/")) return std::nullopt;
    return std::string(path.substr(root.size()));
}

Result<Home> home_of(const std::string& state_dir) {
    HOLDFAST_TRY(own_path, unified_path(text_of_file("/proc/self/cgroup")));
    HOLDFAST_TRY(above, cgroup_directory(text_of_file("/proc/self/mountinfo"), own_path));
    HOLDFAST_TRY(parent, open_folder(AT_FDCWD, above));
    HOLDFAST_CHECK(check_is_cgroup(parent.get()));
    const std::string name = "holdfast-agents-" + digits_of(state_dir);
    return Home{std::move(parent), name, (own_path == "/" ? "" : own_path) + "/" + name};
}

}  // namespace

Result<std::string> unified_path(std::string_view cgroup_text) {
    std::istringstream lines{std::string(cgroup_text)};
    for (std::string line; std::getline(lines, line);)
        if (line.starts_with(own_line)) return line.substr(own_line.size());
    return missing("no cgroup v2 on this host");
}

// mountinfo: id parent device root mountpoint options … - type source options (proc(5)).
Result<std::string> cgroup_directory(std::string_view mountinfo, std::string_view own_path) {
    std::istringstream lines{std::string(mountinfo)};
    for (std::string line; std::getline(lines, line);) {
        const auto dash = line.find(" - ");
        if (dash == std::string::npos || !line.substr(dash).starts_with(" - cgroup2 ")) continue;
        std::istringstream fields(line);
        std::string id, parent, device, root, mountpoint;
        fields >> id >> parent >> device >> root >> mountpoint;
        const auto rest = below(own_path, root);
        if (!rest || mountpoint.empty()) continue;
        return mountpoint + (*rest == "/" ? "" : *rest);
    }
    return missing("no cgroup2 file system is mounted where this process's group can be seen");
}

Done Cgroups::make_home(const std::string& state_dir) {
    HOLDFAST_TRY(home, home_of(state_dir));
    if (::mkdirat(home.parent.get(), home.name.c_str(), folder_mode) == 0 || errno == EEXIST)
        return done();
    return failed("mkdir " + home.name);
}

Result<Cgroups> Cgroups::open(const std::string& state_dir) {
    HOLDFAST_TRY(home, home_of(state_dir));
    HOLDFAST_TRY(directory, open_folder(home.parent.get(), home.name));
    return Cgroups(std::move(directory), home.path);
}

void Cgroups::remove_home(const std::string& state_dir) {
    const auto home = home_of(state_dir);
    if (!home) return;
    const auto groups = open(state_dir);
    if (!groups) return;
    for (const auto& instance : groups->instances())
        (void)groups->remove(instance);
    (void)::unlinkat(home->parent.get(), home->name.c_str(), AT_REMOVEDIR);
}

Result<Cgroup> Cgroups::make(const std::string& instance) const {
    if (::mkdirat(directory_.get(), instance.c_str(), folder_mode) != 0)
        return failed("mkdir " + instance);
    Cgroup made;
    HOLDFAST_TRY(directory, open_folder(directory_.get(), instance));
    made.directory = std::move(directory);
    struct stat facts{};
    if (::fstat(made.directory.get(), &facts) != 0) return failed("stat");
    made.id = facts.st_ino;
    made.path = path_ + "/" + instance;
    // Asked now, not when it must be killed.
    if (::faccessat(made.directory.get(), "cgroup.kill", W_OK, 0) != 0)
        return failed("cgroup.kill");
    return made;
}

bool Cgroups::remove(const std::string& instance) const {
    return ::unlinkat(directory_.get(), instance.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT;
}

std::vector<std::string> Cgroups::instances() const {
    return folders_in(directory_.get());
}

void Cgroups::kill(const std::string& instance) const {
    const auto folder = open_folder(directory_.get(), instance);
    if (folder) (void)kill_cgroup(folder->get());
}

Done kill_cgroup(int directory) {
    return write_to(directory, "cgroup.kill", "1");
}

Done freeze_cgroup(int directory, bool frozen) {
    return write_to(directory, "cgroup.freeze", frozen ? "1" : "0");
}

}  // namespace holdfast::daemon
