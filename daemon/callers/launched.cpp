#include "daemon/callers/launched.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <utility>

#include "attest/measure/process_directory.h"
#include "core/encode/base64.h"
#include "daemon/sealed.h"

namespace holdfast::daemon {
namespace {

constexpr attest::TextBound cgroup_bound{16UL * 1024, "measurement_changed"};
constexpr std::string_view unified = "0::";

Error denied(std::string text, const char* reason) {
    return Error(Code::denied, std::move(text)).because(reason);
}

Result<std::vector<Sha256>> read_code(int memory) {
    HOLDFAST_TRY(bytes, read_sealed(memory, max_code_files * sizeof(Sha256)));
    if (bytes.empty() || bytes.size() % sizeof(Sha256) != 0)
        return Error(Code::invalid, "launcher: malformed list of code");
    std::vector<Sha256> code(bytes.size() / sizeof(Sha256));
    for (std::size_t i = 0; i < code.size(); ++i)
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(i * sizeof(Sha256)), sizeof(Sha256),
                    code[i].begin());
    if (!std::is_sorted(code.begin(), code.end()))
        return Error(Code::invalid, "launcher: list of code out of order");
    return code;
}

std::string line_of_unified(const std::string& text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        const std::string_view line = std::string_view(text).substr(begin, end - begin);
        if (line.starts_with(unified)) return std::string(line.substr(unified.size()));
        begin = end + 1;
    }
    return {};
}

bool is_leader(const Launched::Entry& entry, const Peer& peer) {
    // The number is its own for as long as the process lives whose descriptor the launcher made.
    return entry.facts.pid == peer.pid && entry.facts.uid == peer.uid &&
           attest::check_alive(entry.facts.pidfd.get());
}

// Any process of its group, where the manifest says so and there is a group to tell by.
bool is_member(const Launched::Entry& entry, const std::string& cgroup) {
    return entry.facts.signers == attest::Signers::tree && !entry.facts.cgroup_path.empty() &&
           entry.facts.cgroup_path == cgroup;
}

Error over(const Launched::Entry& entry) {
    return denied("the session of instance " + entry.facts.instance + " is over", "instance_over");
}

}  // namespace

Done Launched::add(LaunchedInstance facts) {
    Entry entry;
    HOLDFAST_TRY(code, read_code(facts.code.get()));
    entry.code = std::move(code);
    HOLDFAST_TRY(mark, attest::mark_of(facts.view.get()));
    entry.view_mark = mark;
    facts.code = Descriptor();
    std::string instance = facts.instance;
    // Told again by another launcher: a session that is over stays so, and a folder that was
    // changed meanwhile shows.
    const auto known = entries_.find(instance);
    if (known != entries_.end()) {
        entry.over = known->second.over;
        entry.view_mark = known->second.view_mark;
    }
    entry.facts = std::move(facts);
    entries_.insert_or_assign(std::move(instance), std::move(entry));
    return done();
}

void Launched::remove(const std::string& instance) {
    entries_.erase(instance);
}

void Launched::remember(Ended ended) {
    endings_.push_back(std::move(ended));
    if (endings_.size() > max_endings) endings_.pop_front();
}

void Launched::end_session(const std::string& instance) {
    const auto found = entries_.find(instance);
    if (found != entries_.end()) found->second.over = true;
}

void Launched::abandon(std::string instance) {
    abandoned_.push_back(std::move(instance));
    if (abandoned_.size() > max_abandoned) abandoned_.pop_front();
}

bool Launched::is_abandoned(const std::string& instance) const {
    return std::find(abandoned_.begin(), abandoned_.end(), instance) != abandoned_.end();
}

const Launched::Entry* Launched::find(const std::string& instance) const {
    const auto found = entries_.find(instance);
    return found == entries_.end() ? nullptr : &found->second;
}

std::vector<std::string> Launched::of(const std::string& agent) const {
    std::vector<std::string> instances;
    for (const auto& [instance, entry] : entries_)
        if (entry.facts.agent == agent) instances.push_back(instance);
    return instances;
}

std::vector<std::string> Launched::running(const Sha256& manifest) const {
    std::vector<std::string> instances;
    for (const auto& [instance, entry] : entries_)
        if (!entry.over && entry.facts.manifest == manifest) instances.push_back(instance);
    return instances;
}

bool Launched::is_launched(uid_t uid) const {
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const auto& each) { return each.second.facts.uid == uid; });
}

Result<const Launched::Entry*> Launched::behind(const Peer& peer) const {
    HOLDFAST_TRY(cgroup, cgroup_of(peer));
    for (const auto& [instance, entry] : entries_) {
        if (entry.facts.uid != peer.uid) continue;
        if (!is_leader(entry, peer) && !is_member(entry, cgroup)) continue;
        if (entry.over) return over(entry);
        return &entry;
    }
    return denied("only the process that was launched may ask, and pid " +
                      std::to_string(peer.pid) + " was started by it",
                  "not_the_leader");
}

Done check_untraceable(const Peer& peer) {
    const std::string name = "/proc/" + std::to_string(peer.pid) + "/environ";
    struct stat facts{};
    if (::stat(name.c_str(), &facts) == 0 && facts.st_uid == 0) return done();
    HOLDFAST_CHECK(still_alive(peer));
    return denied("the process can be traced by its own user", "leader_traceable");
}

Result<std::string> cgroup_of(const Peer& peer) {
    const std::string name = "/proc/" + std::to_string(peer.pid) + "/cgroup";
    const Descriptor file(::open(name.c_str(), O_RDONLY | O_CLOEXEC));
    std::string text;
    if (file) {
        HOLDFAST_TRY(read, attest::read_text(file.get(), cgroup_bound));
        text = std::move(read);
    }
    // Still alive: then the number above was its own.
    HOLDFAST_CHECK(still_alive(peer));
    return line_of_unified(text);
}

Done check_code(const Launched::Entry& entry, const attest::ProcessView& view, bool is_leader) {
    const auto is_listed = [&](const MeasuredFile& file) {
        return std::binary_search(entry.code.begin(), entry.code.end(), file.digest);
    };
    const Measurement& seen = view.measurement;
    const bool right =
        is_leader ? seen.executable.digest == entry.facts.entrypoint : is_listed(seen.executable);
    if (!right)
        return denied("it runs " + seen.executable.path + ", which is not the entrypoint",
                      "measurement_mismatch");
    for (const auto& mapping : seen.mappings)
        if (!is_listed(mapping))
            return denied("it maps " + mapping.path + " (SHA-256 " + encode::hex(mapping.digest) +
                              "), which is neither in its tree nor a host file",
                          "measurement_mismatch");
    return done();
}

Done check_place(const Launched::Entry& entry, const Peer& peer) {
    if (entry.over) return over(entry);
    HOLDFAST_TRY(mark, attest::mark_of(entry.facts.view.get()));
    attest::FileMark known = entry.view_mark;
    known.changed_ns = mark.changed_ns;  // a chmod back and forth, a link: not what is watched
    if (mark != known) return denied("the folder of its tree was changed", "measurement_changed");
    if (entry.facts.cgroup_path.empty()) return done();
    HOLDFAST_TRY(cgroup, cgroup_of(peer));
    if (cgroup != entry.facts.cgroup_path)
        return denied("it left its control group", "measurement_changed");
    return done();
}

}  // namespace holdfast::daemon
