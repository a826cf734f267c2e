#include "daemon/launcher/agent_records.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <set>
#include <system_error>

#include "holdfast/agent_id.h"

namespace holdfast::daemon {
namespace {

constexpr mode_t folder_mode = 0700;
constexpr mode_t file_mode = 0600;
constexpr std::size_t max_record = 64;  // bytes of such a file
constexpr std::string_view partial = ".partial";

Error failed(const std::string& step) {
    return Error(Code::unavailable,
                 "agent records: " + step + ": " + std::generic_category().message(errno));
}

Error malformed() {
    return Error(Code::invalid, "not an agent's record");
}

template <class Integer>
Result<Integer> number_after(std::string_view& text, std::string_view label) {
    if (!text.starts_with(label)) return malformed();
    text.remove_prefix(label.size());
    Integer value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end == text.data() + text.size() || *end != '\n')
        return malformed();
    text.remove_prefix(static_cast<std::size_t>(end - text.data()) + 1);
    return value;
}

struct CloseDirectory {
    void operator()(DIR* directory) const noexcept { (void)::closedir(directory); }
};

}  // namespace

Result<AgentRecord> parse_agent_record(std::string_view text) {
    HOLDFAST_TRY(uid, number_after<uid_t>(text, "uid "));
    HOLDFAST_TRY(version, number_after<std::int64_t>(text, "version "));
    if (!text.empty() || version < 0) return malformed();
    return AgentRecord{uid, version};
}

Result<AgentRecords> AgentRecords::open(const std::string& directory, UidRange range) {
    if (::mkdir(directory.c_str(), folder_mode) != 0 && errno != EEXIST) return failed(directory);
    Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat facts{};
    if (!opened || ::fstat(opened.get(), &facts) != 0) return failed(directory);
    if (facts.st_uid != ::geteuid() || (facts.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        return Error(Code::denied, directory + ": must be the launcher's own, mode 0700");
    return AgentRecords(std::move(opened), range);
}

Result<AgentRecord> AgentRecords::read(const std::string& agent) const {
    const Descriptor file(
        ::openat(directory_.get(), agent.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!file && errno == ENOENT) return Error(Code::not_found, agent + ": never launched");
    std::array<char, max_record + 1> buffer{};
    const ssize_t size = file ? ::read(file.get(), buffer.data(), buffer.size()) : -1;
    if (size < 0) return failed(agent);
    auto record = parse_agent_record({buffer.data(), static_cast<std::size_t>(size)});
    if (!record) return std::move(record).error().within("agent records: " + agent);
    return record;
}

// A broken record stops new ones: its uid is not known, so it could be given out twice.
Result<uid_t> AgentRecords::free_uid() const {
    Descriptor own(::openat(directory_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    const std::unique_ptr<DIR, CloseDirectory> open(::fdopendir(own.get()));
    if (!open) return failed("list");
    (void)own.give_away();
    std::set<uid_t> taken;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): this stream belongs to this call alone.
    while (const dirent* entry = ::readdir(open.get())) {
        const std::string name = static_cast<const char*>(entry->d_name);
        if (name.starts_with('.')) continue;
        HOLDFAST_TRY(record, read(name));
        taken.insert(record.uid);
    }
    for (std::uint32_t i = 0; i < range_.count; ++i)
        if (!taken.contains(range_.first + i)) return range_.first + i;
    return Error(Code::unavailable, "every uid of [launch] first_uid, uids is some agent's")
        .because("uids_used_up");
}

Result<AgentRecord> AgentRecords::of(const std::string& agent) const {
    HOLDFAST_CHECK(check_agent_name(agent));
    auto known = read(agent);
    if (known || known.error().code() != Code::not_found) {
        if (!known) return known;
        // A range that was moved: files of the old uid would be another agent's one day.
        if (known->uid - range_.first < range_.count) return known;
        return Error(Code::denied, agent + " has uid " + std::to_string(known->uid) +
                                       ", outside [launch] first_uid, uids")
            .because("uid_outside_range");
    }
    HOLDFAST_TRY(uid, free_uid());
    const AgentRecord made{uid, 0};
    HOLDFAST_CHECK(put(agent, made));
    return made;
}

Done AgentRecords::put(const std::string& agent, const AgentRecord& record) const {
    const std::string text =
        "uid " + std::to_string(record.uid) + "\nversion " + std::to_string(record.version) + "\n";
    const std::string name(partial);
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    const Descriptor file(::openat(directory_.get(), name.c_str(), flags, file_mode));
    if (!file) return failed(agent);
    if (::write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) ||
        ::fsync(file.get()) != 0)
        return failed(agent);
    if (::renameat(directory_.get(), name.c_str(), directory_.get(), agent.c_str()) != 0 ||
        ::fsync(directory_.get()) != 0)
        return failed(agent);
    return done();
}

}  // namespace holdfast::daemon
