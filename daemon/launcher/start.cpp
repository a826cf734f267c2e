// LaunchWorker, starting: from a plan to a process that stands before its exec, and its one exec.
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "core/crypto/digest.h"
#include "daemon/launcher/child.h"
#include "daemon/launcher/launcher.h"
#include "daemon/sealed.h"

namespace holdfast::daemon {
namespace {

constexpr mode_t data_parent_mode = 0711;
constexpr mode_t data_mode = 0700;
constexpr mode_t log_folder_mode = 0750;

Error failed(const std::string& step) {
    return Error(Code::unavailable, step + ": " + std::generic_category().message(errno));
}

struct Pipe {
    Descriptor out;  // for us, does not block
    Descriptor in;   // for the agent
};

Result<Pipe> make_pipe() {
    std::array<int, 2> ends{-1, -1};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return failed("pipe2");
    Pipe pipe{Descriptor(ends[0]), Descriptor(ends[1])};
    if (::fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) return failed("O_NONBLOCK");
    return pipe;
}

Result<Descriptor> open_path(int parent, const std::string& name) {
    Descriptor opened(
        ::openat(parent, name.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) return failed(name);
    return opened;
}

// What is in /proc/PID belongs to root where a process is not dumpable (proc(5)): nobody of its own
// uid may look into it. A file that its user may read would make it traceable by that uid. The
// kernel settles this a moment after the exec closed our socket, so the front asks again.
Done check_not_dumpable(pid_t pid) {
    struct stat facts{};
    const std::string name = "/proc/" + std::to_string(pid) + "/environ";
    if (::stat(name.c_str(), &facts) != 0) return failed(name);
    if (facts.st_uid == 0) return done();
    return Error(Code::denied, "the process can be traced by its own user")
        .because("leader_traceable");
}

// Made by us with these readers, or found and left as it is.
Done make_log_folder(const std::string& path, gid_t readers) {
    if (::mkdir(path.c_str(), log_folder_mode) != 0) {
        if (errno == EEXIST) return done();
        return failed(path);
    }
    // chmod: whatever the umask.
    if (::chmod(path.c_str(), log_folder_mode) != 0 ||
        ::chown(path.c_str(), static_cast<uid_t>(-1), readers) != 0)
        return failed(path);
    return done();
}

// Searchable by all, so that each agent finds its own folder; listed by nobody.
Done make_data_parent(const std::string& path) {
    if (::mkdir(path.c_str(), data_parent_mode) != 0) {
        if (errno == EEXIST) return done();
        return failed(path);
    }
    if (::chmod(path.c_str(), data_parent_mode) != 0) return failed(path);
    return done();
}

std::vector<std::string> host_paths(const attest::Manifest& manifest) {
    std::vector<std::string> paths;
    paths.reserve(manifest.host_files.size());
    for (const auto& file : manifest.host_files)
        paths.push_back(file.path);
    return paths;
}

Bytes joined(const std::vector<Sha256>& digests) {
    Bytes bytes;
    bytes.reserve(digests.size() * sizeof(Sha256));
    for (const auto& digest : digests)
        bytes.insert(bytes.end(), digest.begin(), digest.end());
    return bytes;
}

Sha256 entrypoint_digest(const attest::Manifest& manifest) {
    for (const auto& entry : manifest.tree)
        if (entry.path == manifest.entrypoint) return entry.digest;
    return {};  // check_manifest has seen it
}

// What the plan says of it; where it runs comes with the process.
LaunchedInstance facts_of(const LaunchOrder& order, const LaunchPlan& plan,
                          const Sandbox& sandbox) {
    const attest::Manifest& manifest = plan.manifest.manifest;
    LaunchedInstance facts;
    facts.agent = order.agent;
    facts.instance = order.instance;
    facts.version = manifest.version;
    facts.manifest = plan.manifest.digest;
    facts.tree = attest::tree_root(manifest.tree);
    facts.arguments_environment = arguments_digest(plan);
    facts.sandbox = crypto::sha256(view_of(sandbox.text()));
    facts.signers = manifest.signers;
    facts.kill_on_change = plan.rules.on_change == policy::OnChange::kill;
    facts.uid = plan.record.uid;
    facts.entrypoint = entrypoint_digest(manifest);
    if (!sandbox.has_landlock())
        facts.missing.emplace_back("no Landlock in this kernel: it can read what any user can");
    return facts;
}

}  // namespace

// <state>/data/NAME: what it writes, across its launches.
Result<std::string> LaunchWorker::data_directory(const LaunchPlan& plan) const {
    const std::string& path = plan.data_directory;
    HOLDFAST_CHECK(make_data_parent(parts_.settings.state_dir + "/data"));
    if (::mkdir(path.c_str(), data_mode) != 0 && errno != EEXIST) return failed(path);
    struct stat facts{};
    if (::lstat(path.c_str(), &facts) != 0) return failed(path);
    if (!S_ISDIR(facts.st_mode)) return Error(Code::denied, path + ": is no directory");
    if (facts.st_uid != plan.record.uid &&
        ::lchown(path.c_str(), plan.record.uid, plan.record.uid) != 0)
        return failed(path);
    return path;
}

Result<AgentLog*> LaunchWorker::log_of(const std::string& agent) {
    const auto known = logs_.find(agent);
    if (known != logs_.end()) return &known->second;
    const std::string& folder = parts_.settings.log_dir;
    HOLDFAST_CHECK(make_log_folder(folder, parts_.log_readers));
    HOLDFAST_TRY(log, AgentLog::open(parts_.settings.agent_log(agent), parts_.log_readers));
    return &logs_.emplace(agent, std::move(log)).first->second;
}

Done LaunchWorker::give_cgroup(KeptInstance& kept) const {
    LaunchedInstance& facts = kept.facts;
    if (!parts_.cgroups) {
        facts.missing.push_back(parts_.cgroups.error().text() +
                                ": what it starts can outlive it, and it cannot be frozen");
        return done();
    }
    HOLDFAST_TRY(group, parts_.cgroups->make(facts.instance));
    kept.cgroup = std::move(group.directory);
    facts.cgroup = group.id;
    facts.cgroup_path = std::move(group.path);
    return done();
}

Result<KeptInstance> LaunchWorker::start(const LaunchOrder& order, LaunchPlan plan,
                                         Descriptor& control) {
    const attest::Manifest& manifest = plan.manifest.manifest;
    HOLDFAST_TRY(data_path, data_directory(plan));
    HOLDFAST_TRY(data, open_path(AT_FDCWD, data_path));
    HOLDFAST_TRY(folder,
                 open_path(plan.view.root.get(),
                           manifest.working_directory.empty() ? "." : manifest.working_directory));
    HOLDFAST_TRY(sandbox,
                 Sandbox::prepare({plan.view.root.get(), host_paths(manifest), data.get()}));
    HOLDFAST_TRY(pipe, make_pipe());
    HOLDFAST_TRY(log, log_of(order.agent));
    HOLDFAST_TRY(code, seal(joined(plan.code), "holdfast-code"));
    // Before it runs: who is launched once as this version stays there.
    if (manifest.version != plan.record.version)
        HOLDFAST_CHECK(parts_.records.put(order.agent, {plan.record.uid, manifest.version}));

    KeptInstance kept;
    kept.facts = facts_of(order, plan, sandbox);
    HOLDFAST_CHECK(give_cgroup(kept));
    HOLDFAST_TRY(child, start_child({.program = plan.view.path + "/" + manifest.entrypoint,
                                     .arguments = plan.arguments,
                                     .environment = plan.environment,
                                     .working_directory = folder.get(),
                                     .output = pipe.in.get(),
                                     .cgroup = kept.cgroup ? kept.cgroup.get() : -1,
                                     .uid = plan.record.uid,
                                     .sandbox = sandbox}));
    kept.facts.log = log->path();
    kept.facts.pid = child.pid;
    kept.facts.pidfd = std::move(child.pidfd);
    kept.facts.view = std::move(plan.view.root);
    kept.facts.code = std::move(code);
    kept.listener = std::move(child.listener);
    kept.output = std::move(pipe.out);
    control = std::move(child.control);
    return kept;
}

// Its exec waits for us in the kernel, so both are watched until one of them has the outcome.
Done LaunchWorker::wait_for_exec(Running& running) {
    HOLDFAST_CHECK(send_go(running.control.get()));
    const auto until = Clock::now() + child_patience;
    for (;;) {
        pollfd both[] = {{running.control.get(), POLLIN, 0}, {running.gate.listener(), POLLIN, 0}};
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now());
        if (left.count() <= 0) return Error(Code::timeout, "its exec takes too long");
        if (::poll(both, 2, static_cast<int>(left.count())) < 0 && errno != EINTR)
            return failed("poll");
        if ((both[1].revents & POLLIN) != 0) HOLDFAST_CHECK(running.gate.serve());
        if (both[0].revents == 0) continue;
        HOLDFAST_CHECK(read_outcome(running.control.get()));
        if (running.kept.facts.signers == attest::Signers::tree) return done();
        return check_not_dumpable(running.kept.facts.pid);
    }
}

}  // namespace holdfast::daemon
