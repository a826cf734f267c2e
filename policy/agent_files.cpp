// read_agent_files: a whole directory, and what may not be said twice in it.
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include "holdfast/agent_id.h"
#include "holdfast/descriptor.h"
#include "policy/declared.h"

namespace holdfast::policy {
namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};

Error failed(const std::string& what, int number) {
    return {Code::unavailable, what + ": " + std::generic_category().message(number)};
}

// Hidden files are left out: editors keep their swap files there.
bool is_agent_file(std::string_view name) {
    return name.ends_with(".toml") && !name.starts_with('.');
}

// Whoever can write there can allow an agent anything: only root may, and who the daemon runs as.
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

Result<Descriptor> open_directory(const std::string& directory) {
    Descriptor open(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct stat facts{};
    if (!open || ::fstat(open.get(), &facts) != 0) return failed(directory, errno);
    HOLDFAST_CHECK(check_writers(facts, directory));
    return open;
}

Result<std::vector<std::string>> names_in(int descriptor, const std::string& directory) {
    // The stream takes a descriptor of its own along when it goes.
    Descriptor own(::fcntl(descriptor, F_DUPFD_CLOEXEC, 0));
    const std::unique_ptr<DIR, CloseDirectory> open(::fdopendir(own.get()));
    if (open == nullptr) return failed(directory, errno);
    (void)own.give_away();
    std::vector<std::string> names;
    errno = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this stream belongs to this call alone.
    while (const dirent* entry = ::readdir(open.get())) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (is_agent_file(name)) names.push_back(name);
    }
    if (errno != 0) return failed(directory, errno);
    if (names.size() > max_agents)
        return Error(Code::invalid,
                     directory + ": more than " + std::to_string(max_agents) + " agent files");
    std::sort(names.begin(), names.end());
    return names;
}

Done check_file(int descriptor, const std::string& name) {
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0) return failed(name, errno);
    if (!S_ISREG(facts.st_mode)) return Error(Code::invalid, name + ":1: not a regular file");
    return check_writers(facts, name + ":1");
}

Result<std::string> content_of(int directory, const std::string& name) {
    // Non-blocking, so that a FIFO put there does not hang the daemon.
    const Descriptor file(::openat(directory, name.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file && errno == ENOENT) return Error(Code::not_found, name + ": no such file");
    if (!file) return failed(name, errno);
    HOLDFAST_CHECK(check_file(file.get(), name));
    std::string content(max_agent_file + 1, '\0');  // one more, so that the parser sees too much
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

using Recognition = std::pair<uid_t, Sha256>;
struct Place {
    std::string name;
    std::uint32_t line;
    std::string shown() const { return name + ":" + std::to_string(line); }
};

// One process must not be two agents.
Done check_unique(std::map<Recognition, Place>& seen, const Declared& declared, Place place) {
    if (declared.agent.launch) return done();  // known by the launch itself
    const Recognition recognition{declared.agent.uid, declared.agent.executable};
    const auto [first, added] = seen.try_emplace(recognition, place);
    if (added) return done();
    return Error(Code::invalid, place.shown() + ": recognise: the same user and executable as in " +
                                    first->second.shown());
}

}  // namespace

Result<std::map<std::string, AgentFile>> read_agent_files(const std::string& directory) {
    HOLDFAST_TRY(opened, open_directory(directory));
    HOLDFAST_TRY(names, names_in(opened.get(), directory));
    std::map<std::string, AgentFile> agents;
    std::map<Recognition, Place> seen;
    for (const std::string& name : names) {
        HOLDFAST_TRY(content, content_of(opened.get(), name));
        HOLDFAST_TRY(declared, parse_declared(name, content));
        HOLDFAST_CHECK(check_unique(seen, declared, {name, declared.recognise_line}));
        const std::string key = declared.agent.name;
        agents.emplace(key, std::move(declared.agent));
    }
    return agents;
}

Result<AgentFile> read_agent_file(const std::string& directory, const std::string& agent) {
    HOLDFAST_CHECK(check_agent_name(agent));
    HOLDFAST_TRY(opened, open_directory(directory));
    const std::string name = agent + ".toml";
    HOLDFAST_TRY(content, content_of(opened.get(), name));
    return parse_agent_file(name, content);
}

}  // namespace holdfast::policy
