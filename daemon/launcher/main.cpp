// holdfast-launcher: the only process that may become another user and make control groups.
#include <poll.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

#include "daemon/accounts.h"
#include "daemon/launcher/launcher.h"
#include "daemon/log.h"
#include "daemon/process.h"

namespace holdfast::daemon {
namespace {

constexpr auto own = POLLIN | POLLHUP | POLLERR;

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

// A supervisor or front that does not listen is gone, and takes its workers with it.
void send_or_end(int link, const Message& message) {
    if (!send_message(link, message)) std::exit(EXIT_SUCCESS);  // NOLINT(concurrency-mt-unsafe)
}

// What launchers before us had started, until the supervisor says that this was all.
Done adopt_all(LaunchWorker& launcher) {
    for (;;) {
        HOLDFAST_TRY(message, receive_message(supervisor_link));
        if (message.operation == Operation::kept_all) return done();
        if (message.operation != Operation::keep_instance)
            return Error(Code::invalid, "unexpected message from the supervisor");
        HOLDFAST_TRY(kept, decode_kept(std::move(message)));
        launcher.adopt(std::move(kept));
    }
}

int patience(const LaunchWorker& launcher) {
    const auto next = launcher.next_event();
    if (!next) return -1;
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(*next - LaunchWorker::Clock::now());
    return static_cast<int>(std::clamp<std::chrono::milliseconds::rep>(left.count(), 0, 60'000));
}

// False: the front is gone.
bool answer_front(LaunchWorker& launcher) {
    auto request = receive_message(front_link);
    if (!request) return false;
    send_or_end(front_link, encode_reply(*request, launcher.handle(*request)));
    return true;
}

// Without a front there is nothing to do. It may be gone because the supervisor is.
void leave(LaunchWorker& launcher) {
    pollfd supervisor{supervisor_link, own, 0};
    if (::poll(&supervisor, 1, 0) == 1) launcher.kill_all();
}

void run(LaunchWorker& launcher) {
    for (;;) {
        std::vector<pollfd> watched{{supervisor_link, own, 0}, {front_link, own, 0}};
        launcher.watch(watched);
        if (::poll(watched.data(), watched.size(), patience(launcher)) < 0) continue;
        // Nothing comes from there any more: its end, and with it that of every agent.
        if (watched[0].revents != 0) return launcher.kill_all();
        if (watched[1].revents != 0 && !answer_front(launcher)) return leave(launcher);
        launcher.serve(watched);
    }
}

LaunchWorker::Parts parts_of(const Settings& settings, AgentRecords records, gid_t readers) {
    return {.settings = settings,
            .records = std::move(records),
            .cgroups = Cgroups::open(settings.state_dir),
            .log_readers = readers,
            .now = unix_now,
            .keep = [](const Message& message) { send_or_end(supervisor_link, message); },
            .tell =
                [](const LaunchNotice& notice) {
                    Message message;
                    message.operation = Operation::launch_notice;
                    message.payload = encode(notice);
                    send_or_end(front_link, message);
                },
            .answer_later = [](const Message& message) { send_or_end(front_link, message); }};
}

// The supervisor's end is read from its link, and ends every agent before us. The signal that ends
// other workers would come before we could.
Done outlive_supervisor() {
    if (::prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0) == 0) return done();
    return Error(Code::internal, "PR_SET_PDEATHSIG: " + std::generic_category().message(errno));
}

Done begin_and_run() {
    HOLDFAST_CHECK(begin_process("launcher"));
    HOLDFAST_CHECK(outlive_supervisor());
    HOLDFAST_TRY(settings, inherited_settings());
    HOLDFAST_TRY(readers, group_of(settings.admin_group));
    HOLDFAST_TRY(records, AgentRecords::open(settings.state_dir + "/launcher",
                                             {static_cast<uid_t>(settings.launch_first_uid),
                                              static_cast<std::uint32_t>(settings.launch_uids)}));
    LaunchWorker launcher(parts_of(settings, std::move(records), readers));
    HOLDFAST_CHECK(adopt_all(launcher));
    launcher.end_leftovers();
    run(launcher);
    return done();
}

}  // namespace
}  // namespace holdfast::daemon

// NOLINTNEXTLINE(bugprone-exception-escape): only for want of memory, and then the process ends.
int main() {
    try {
        const auto ended = holdfast::daemon::begin_and_run();
        if (ended) return EXIT_SUCCESS;
        holdfast::daemon::log_error(ended.error().text());
    } catch (const std::exception& error) {
        // Only memory can be missing here: every other failure is a value.
        holdfast::daemon::log_error(error.what());
    }
    return EXIT_FAILURE;
}
