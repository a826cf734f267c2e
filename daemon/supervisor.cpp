#include "daemon/supervisor.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "daemon/link/messages.h"
#include "daemon/log.h"
#include "daemon/pin_file.h"
#include "daemon/process.h"
#include "daemon/supervisor_plan.h"

namespace holdfast::daemon {
namespace {

using std::chrono::milliseconds;

int milliseconds_until(std::optional<Post::Clock::time_point> when) {
    if (!when) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*when - Post::Clock::now());
    return static_cast<int>(std::clamp<milliseconds::rep>(left.count(), 0, 60'000));
}

bool is_readable(int descriptor) {
    pollfd one{descriptor, POLLIN, 0};
    return descriptor >= 0 && ::poll(&one, 1, 0) > 0;
}

}  // namespace

Supervisor::Supervisor(Parts parts)
    : parts_(std::move(parts)), posts_(posts_for(parts_.settings)), front_(posts_.front()) {}

int Supervisor::run() {
    allow_kept_descriptors();
    if (parts_.settings.dev) log_warning("privileges: not separated (--dev)");
    while (!exit_status_) {
        start_due(Clock::now());
        if (exit_status_) break;
        wait(next_event());
        const auto now = Clock::now();
        if (was_asked_to_end()) {
            log_info("asked to end");
            exit_status_ = 0;
            break;
        }
        hear_front(now);
        for (auto& post : posts_) {
            if (post.kind() == WorkerKind::launcher) hear_launcher(post, now);
            look_after(post, now);
        }
    }
    end_all();
    return *exit_status_;
}

// ── starting ────────────────────────────────────────────────────────────────────────────────────

void Supervisor::start_due(Clock::time_point now) {
    if (front_.due(now)) start_front(now);
    // A worker is of use to a front only, and the front learns of it over its link.
    for (auto& post : posts_) {
        const auto kind = post.kind();
        if (kind && front_.running() && post.due(now)) start_worker(post, *kind, now);
    }
}

ChildPlan Supervisor::plan_of(const Post& post) const {
    auto plan = plan_for(post, parts_.settings, parts_.accounts);
    plan.descriptors = {{settings_memfd, parts_.settings_memory.get()}};
    return plan;
}

// Each time anew, so that a PIN that was mended is found. Without it the worker starts too, and
// tells whoever asks what is wrong; here it is said once.
Descriptor Supervisor::pin_for(WorkerKind kind) {
    const std::string& setting = parts_.settings.pkcs11_pin_file;
    if (kind != WorkerKind::keys_pkcs11 || setting.empty()) return {};
    const auto& keys = parts_.accounts.keys;
    auto file = open_pin_file(setting, keys ? std::optional(keys->uid) : std::nullopt);
    const std::string trouble = file ? "" : file.error().text();
    if (!trouble.empty() && trouble != pin_trouble_) log_error(trouble);
    pin_trouble_ = trouble;
    return file ? *std::move(file) : Descriptor();
}

void Supervisor::start_front(Clock::time_point now) {
    auto plan = plan_of(front_);
    auto link = make_link();
    if (!link) {
        log_error(front_.program() + ": " + link.error().text());
        return front_.not_started(now);
    }
    plan.descriptors.emplace_back(supervisor_link, link->second.get());
    plan.descriptors.emplace_back(agent_listener, parts_.listeners.agent.get());
    plan.descriptors.emplace_back(admin_listener, parts_.listeners.admin.get());
    auto child = spawn(plan);
    if (!child) {
        log_error(front_.program() + ": " + child.error().text());
        return front_.not_started(now);
    }
    front_.started(*std::move(child), std::move(link->first), now);
}

void Supervisor::start_worker(Post& worker, WorkerKind kind, Clock::time_point now) {
    auto plan = plan_of(worker);
    auto ours = make_link();
    auto fronts = make_link();
    if (!ours || !fronts) {
        log_error(worker.program() + ": " + (!ours ? ours : fronts).error().text());
        return worker.not_started(now);
    }
    plan.descriptors.emplace_back(supervisor_link, ours->second.get());
    plan.descriptors.emplace_back(front_link, fronts->second.get());
    const Descriptor pin = pin_for(kind);
    if (pin) plan.descriptors.emplace_back(pin_descriptor, pin.get());
    auto child = spawn(plan);
    if (!child) {
        log_error(worker.program() + ": " + child.error().text());
        return worker.not_started(now);
    }
    worker.started(*std::move(child), std::move(ours->first), now);
    if (kind == WorkerKind::launcher) {
        const auto handed = kept_.hand_over(worker.link());
        if (!handed) return worker.kill(true, now);
    }

    Message attach;
    attach.operation = Operation::attach;
    attach.payload = encode(WorkerId{kind, worker.next_generation()});
    attach.descriptors.push_back(std::move(fronts->first));
    const auto sent = send_message(front_.link(), attach);
    if (sent) return;
    log_error("the front does not listen to its supervisor: " + sent.error().text());
    front_.kill(true, now);
}

// ── running ─────────────────────────────────────────────────────────────────────────────────────

std::optional<Supervisor::Clock::time_point> Supervisor::next_event() const {
    std::optional<Clock::time_point> next;
    for (const auto& post : posts_) {
        // Without a front no worker starts, so its time means nothing yet.
        if (post.kind() && !front_.running() && !post.running()) continue;
        const auto event = post.next_event();
        if (event && (!next || *event < *next)) next = event;
    }
    return next;
}

void Supervisor::wait(std::optional<Clock::time_point> until) {
    std::vector<pollfd> watched{{parts_.signals.get(), POLLIN, 0}, {front_.link(), POLLIN, 0}};
    for (const auto& post : posts_) {
        watched.push_back({post.pidfd(), POLLIN, 0});
        if (post.kind() == WorkerKind::launcher) watched.push_back({post.link(), POLLIN, 0});
        watched.push_back({post.abandoned_pidfd(), POLLIN, 0});
    }
    // Who is ready is asked again one by one; poll skips negative descriptors.
    (void)::poll(watched.data(), watched.size(), milliseconds_until(until));
}

void Supervisor::look_after(Post& post, Clock::time_point now) {
    if (is_readable(post.abandoned_pidfd())) post.reap_abandoned();
    if (is_readable(post.pidfd())) {
        post.reap(now);
        if (!post.kind()) front_ended(now);
        return;
    }
    if (post.give_up(now) && !post.kind()) front_ended(now);
}

// The workers' links ended with the front; new workers come with the next one.
void Supervisor::front_ended(Clock::time_point now) {
    for (auto& post : posts_) {
        if (post.kind()) post.kill(false, now);
    }
    if (was_ready_ || ++failed_starts_ < max_failed_starts) return;
    log_error("the front ended " + std::to_string(failed_starts_) +
              " times before it was ready: giving up");
    exit_status_ = 1;
}

void Supervisor::hear_front(Clock::time_point now) {
    while (front_.link() >= 0) {
        const auto message = receive_message(front_.link());
        if (!message && message.error().code() == Code::busy) return;
        if (!message && message.error().code() == Code::not_found) return front_.close_link();
        auto taken = message ? take(*message, now) : Done(message.error());
        if (taken) continue;
        log_error("front: " + taken.error().text());
        front_.close_link();
        front_.kill(true, now);
    }
}

// Also after its end: what it said last is still there to be read.
void Supervisor::hear_launcher(Post& launcher, Clock::time_point now) {
    while (launcher.link() >= 0) {
        auto message = receive_message(launcher.link());
        if (!message && message.error().code() == Code::busy) return;
        if (!message && message.error().code() == Code::not_found) return;
        const auto taken = message ? kept_.take(*std::move(message)) : Done(message.error());
        if (taken) continue;
        log_error("launcher: " + taken.error().text());
        return launcher.kill(true, now);
    }
}

Done Supervisor::take(const Message& message, Clock::time_point now) {
    if (message.operation == Operation::ready) {
        if (!std::exchange(was_ready_, true)) log_info("ready");
        notify_service_manager("READY=1\nSTATUS=serving\n");
        return done();
    }
    if (message.operation != Operation::missed_deadline)
        return Error(Code::invalid, "unexpected message");
    HOLDFAST_TRY(failed, decode_worker(message.payload));
    for (auto& post : posts_) {
        // An older generation has been replaced already.
        if (post.kind() != failed.kind || post.generation() != failed.generation) continue;
        if (!post.running()) continue;
        log_warning(post.program() + ": the front reports it as failed; it is replaced");
        post.kill(true, now);
    }
    return done();
}

// ── ending ──────────────────────────────────────────────────────────────────────────────────────

bool Supervisor::was_asked_to_end() const {
    signalfd_siginfo signal{};
    return ::read(parts_.signals.get(), &signal, sizeof signal) > 0;
}

bool Supervisor::wait_for_end(const std::vector<Post*>& awaited, Clock::duration patience) {
    const auto until = Clock::now() + patience;
    for (;;) {
        for (auto& post : posts_) {
            if (is_readable(post.pidfd())) post.reap(Clock::now());
        }
        const bool any_left = std::any_of(awaited.begin(), awaited.end(),
                                          [](const Post* post) { return post->running(); });
        if (!any_left) return true;
        // Asked a second time: no more patience.
        if (Clock::now() >= until || was_asked_to_end()) return false;
        wait(until);
    }
}

// A closed link means "end". First the front, which still needs its workers to finish.
void Supervisor::end_all() {
    notify_service_manager("STOPPING=1\n");
    std::vector<Post*> workers;
    std::vector<Post*> all;
    for (auto& post : posts_) {
        if (post.kind()) workers.push_back(&post);
        all.push_back(&post);
    }
    front_.close_link();
    if (!wait_for_end({&front_}, orderly_end)) front_.kill(true, Clock::now());
    for (auto* worker : workers)
        worker->close_link();
    if (!wait_for_end(workers, dying_time)) {
        for (auto* worker : workers)
            worker->kill(true, Clock::now());
    }
    (void)wait_for_end(all, dying_time);
    kept_.kill_all();
    if (parts_.listeners.from_systemd) return;
    (void)::unlink(parts_.settings.agent_socket.c_str());
    (void)::unlink(parts_.settings.admin_socket.c_str());
}

}  // namespace holdfast::daemon
