#include "daemon/launcher/launcher.h"

#include <fcntl.h>
#include <sys/wait.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "daemon/launcher/child.h"
#include "daemon/launcher/store_jobs.h"
#include "daemon/log.h"
#include "daemon/pidfd.h"

namespace holdfast::daemon {
namespace {

constexpr std::chrono::milliseconds look_again{50};  // at a group that is not yet empty

bool is_ready(const std::vector<pollfd>& watched, int descriptor) {
    return std::any_of(watched.begin(), watched.end(),
                       [&](const pollfd& one) { return one.fd == descriptor && one.revents != 0; });
}

// How a leader that has ended did so.
std::string ending_of(int pidfd, bool is_ours) {
    siginfo_t facts{};
    if (!is_ours || ::waitid(P_PIDFD, static_cast<id_t>(pidfd), &facts, WEXITED | WNOHANG) != 0)
        return "ended; how is not known, since the launcher was replaced meanwhile";
    if (facts.si_code == CLD_EXITED) return "exit status " + std::to_string(facts.si_status);
    return "signal " + std::to_string(facts.si_status);
}

}  // namespace

LaunchWorker::LaunchWorker(Parts parts)
    : parts_(std::move(parts)),
      importers_(parts_.settings.libexec_dir + "/holdfast-importer",
                 [this](std::uint64_t job, Result<Message> answer) {
                     parts_.answer_later(store_answer(job, std::move(answer)));
                 }) {}

// ── requests ────────────────────────────────────────────────────────────────────────────────────

Result<Reply> LaunchWorker::handle(const Message& request) {
    if (!request.descriptors.empty())
        return Error(Code::invalid, "launcher: a request with descriptors");
    switch (request.operation) {
        case Operation::prepare_launch: {
            HOLDFAST_TRY(order, decode_launch_order(request.payload));
            return prepare(order);
        }
        case Operation::import_code:
        case Operation::list_store:
        case Operation::collect_store:
        case Operation::check_store: return ask_store(request);
        case Operation::list_instances: {
            HOLDFAST_CHECK(PayloadReader(request.payload).finish());
            PayloadWriter out;
            out.u32(static_cast<std::uint32_t>(running_.size()));
            for (const auto& [instance, running] : running_)
                out.text(instance);
            return Reply{out.take(), {}};
        }
        case Operation::release_launch:
        case Operation::describe_instance:
        case Operation::end_instance: break;
        default: return Error(Code::invalid, "launcher: unknown operation");
    }
    HOLDFAST_TRY(order, decode_end_order(request.payload));
    HOLDFAST_TRY(running, find(order.instance));
    if (request.operation == Operation::describe_instance) return encode(running->kept.facts);
    HOLDFAST_CHECK(request.operation == Operation::release_launch ? release(*running)
                                                                  : end(*running, order.ending));
    return Reply{};
}

Result<LaunchWorker::Running*> LaunchWorker::find(const std::string& instance) {
    const auto found = running_.find(instance);
    if (found == running_.end())
        return Error(Code::not_found, "no instance " + instance).because("unknown_instance");
    return &found->second;
}

Result<Reply> LaunchWorker::prepare(const LaunchOrder& order) {
    if (importers_.is_at_work(Operation::collect_store))
        return Error(Code::busy, "the store is being tidied", Retry::later).because("store_busy");
    if (running_.contains(order.instance)) return Error(Code::conflict, "that instance is there");
    if (running_.size() >= max_instances)
        return Error(Code::busy, "as many agents run as may", Retry::later)
            .because("too_many_instances");
    HOLDFAST_TRY(plan, plan_launch(parts_.settings, order, parts_.records, parts_.now()));
    Descriptor control;
    auto started = start(order, std::move(plan), control);
    if (!started) {
        ended_cgroups_.push_back(order.instance);
        return std::move(started).error();
    }
    auto& kept = *started;
    Gate gate(std::move(kept.listener), kept.facts.pid, false);
    kept.listener = Descriptor(::fcntl(gate.listener(), F_DUPFD_CLOEXEC, 0));
    Running made{std::move(kept), std::move(gate), std::move(control), true,
                 Clock::now() + release_patience};
    const auto placed = running_.emplace(order.instance, std::move(made));
    auto& running = placed.first->second;
    HOLDFAST_TRY(message, encode_kept(running.kept));
    parts_.keep(message);
    return encode(running.kept.facts);
}

Done LaunchWorker::release(Running& running) {
    if (!running.control) return Error(Code::conflict, "it was released before");
    const auto released = wait_for_exec(running);
    if (!released) {
        kill(running);
        return Error(released.error()).within("launch");
    }
    running.control = Descriptor();
    running.kill_at.reset();
    running.kept.facts.running = true;
    HOLDFAST_TRY(message, encode_kept(running.kept));
    parts_.keep(message);
    return done();
}

Done LaunchWorker::end(Running& running, Ending ending) {
    const int cgroup = running.kept.cgroup.get();
    switch (ending) {
        case Ending::stop:
            if (cgroup >= 0) (void)freeze_cgroup(cgroup, false);
            (void)pidfd_send_signal(running.kept.facts.pidfd.get(), SIGTERM);
            running.kill_at = std::min(running.kill_at.value_or(Clock::time_point::max()),
                                       Clock::now() + stop_patience);
            return done();
        case Ending::kill: kill(running); return done();
        case Ending::freeze:
        case Ending::thaw: break;
    }
    if (cgroup < 0)
        return Error(Code::unavailable, "an agent without a control group cannot be frozen")
            .because("cgroup_unavailable");
    return freeze_cgroup(cgroup, ending == Ending::freeze);
}

void LaunchWorker::adopt(KeptInstance kept) {
    const std::string instance = kept.facts.instance;
    const bool had_executed = kept.facts.running;
    Gate gate(Descriptor(::fcntl(kept.listener.get(), F_DUPFD_CLOEXEC, 0)), kept.facts.pid,
              had_executed);
    const auto placed = running_.emplace(
        instance, Running{std::move(kept), std::move(gate), Descriptor(), false, std::nullopt});
    // It may stand before its exec for ever, or run unrecorded: nobody knows.
    if (!had_executed) kill(placed.first->second);
}

void LaunchWorker::end_leftovers() {
    if (!parts_.cgroups) return;
    for (const auto& instance : parts_.cgroups->instances()) {
        if (running_.contains(instance)) continue;
        parts_.cgroups->kill(instance);
        ended_cgroups_.push_back(instance);
    }
}

// ── events ──────────────────────────────────────────────────────────────────────────────────────

void LaunchWorker::watch(std::vector<pollfd>& watched) const {
    importers_.watch(watched);
    for (const auto& [instance, running] : running_) {
        watched.push_back({running.gate.listener(), POLLIN, 0});
        watched.push_back({running.kept.facts.pidfd.get(), POLLIN, 0});
        watched.push_back({running.kept.output.get(), POLLIN, 0});
    }
}

std::optional<LaunchWorker::Clock::time_point> LaunchWorker::next_event() const {
    std::optional<Clock::time_point> next;
    for (const auto& [instance, running] : running_)
        if (running.kill_at && (!next || *running.kill_at < *next)) next = running.kill_at;
    if (!ended_cgroups_.empty()) {
        const auto soon = Clock::now() + look_again;
        next = next ? std::min(*next, soon) : soon;
    }
    return next;
}

void LaunchWorker::serve(const std::vector<pollfd>& watched) {
    importers_.serve(watched);
    const auto now = Clock::now();
    for (auto each = running_.begin(); each != running_.end();) {
        Running& running = each->second;
        if (running.kill_at && *running.kill_at <= now) kill(running);
        if (is_ready(watched, running.gate.listener())) serve_gate(running);
        if (is_ready(watched, running.kept.output.get())) {
            auto log = log_of(running.kept.facts.agent);
            // Nobody holds the other end any more: nothing to wait for.
            if (log && !(*log)->take_from(running.kept.output.get()))
                running.kept.output = Descriptor();
        }
        const bool ended = is_ready(watched, running.kept.facts.pidfd.get()) && reap(running);
        each = ended ? running_.erase(each) : std::next(each);
    }
    remove_cgroups();
}

void LaunchWorker::serve_gate(Running& running) {
    const auto passed = running.gate.serve();
    if (!passed) {
        log_error("exec gate of " + running.kept.facts.instance + ": " + passed.error().text());
        return kill(running);
    }
    if (*passed != Gate::Passed::leader_refused) return;
    const LaunchedInstance& facts = running.kept.facts;
    log_warning("agent " + facts.agent + " (pid " + std::to_string(facts.pid) +
                ") tried to become another program");
    parts_.tell({LaunchNotice::Kind::exec_refused, facts.instance, ""});
    if (facts.kill_on_change) kill(running);
}

void LaunchWorker::kill(Running& running) {
    const LaunchedInstance& facts = running.kept.facts;
    running.kill_at.reset();
    running.control = Descriptor();
    if (running.kept.cgroup) (void)kill_cgroup(running.kept.cgroup.get());
    (void)pidfd_send_signal(facts.pidfd.get(), SIGKILL);
    // Without a group at least its session's first process group; see docs/launching.md.
    if (!running.kept.cgroup) (void)::kill(-facts.pid, SIGKILL);
}

void LaunchWorker::kill_all() {
    for (auto& [instance, running] : running_)
        kill(running);
}

// The leader's end is the instance's end.
bool LaunchWorker::reap(Running& running) {
    const LaunchedInstance& facts = running.kept.facts;
    kill(running);
    const std::string how = ending_of(facts.pidfd.get(), running.is_ours);
    if (running.kept.output) {
        auto log = log_of(facts.agent);
        if (log) (void)(*log)->take_from(running.kept.output.get());
    }
    if (running.kept.cgroup) ended_cgroups_.push_back(facts.instance);
    parts_.keep(forget_message(facts.instance));
    // Who never executed: that was the answer to its release.
    if (facts.running) parts_.tell({LaunchNotice::Kind::ended, facts.instance, how});
    log_info("agent " + facts.agent + " (pid " + std::to_string(facts.pid) + ") " + how);
    return true;
}

void LaunchWorker::remove_cgroups() {
    if (!parts_.cgroups) return ended_cgroups_.clear();
    std::erase_if(ended_cgroups_,
                  [&](const std::string& name) { return parts_.cgroups->remove(name); });
}

}  // namespace holdfast::daemon
