// FrontProcess, launched agents: what the launcher says unasked, and their trees looked at again.
#include <chrono>
#include <utility>

#include "daemon/front/front_process.h"
#include "daemon/handlers/handlers.h"
#include "daemon/link/codec.h"
#include "daemon/log.h"

namespace holdfast::daemon {

void FrontProcess::hear_launcher() {
    launcher_link_.on_notice([this](Message message) -> Done {
        if (message.operation == Operation::store_answer)
            return launcher_.take_answer(std::move(message));
        if (message.operation != Operation::launch_notice)
            return Error(Code::invalid, "launcher: an unknown notice");
        HOLDFAST_TRY(notice, decode_launch_notice(message.payload));
        spawn("a launched agent", handlers::instance_notice(services_, std::move(notice)));
        return done();
    });
}

// Only while something that was launched runs: an idle daemon sleeps.
void FrontProcess::plan_recheck() {
    if (launched_.entries().empty()) return;
    rechecking_.plan(std::chrono::seconds(services_.settings.store_recheck_s));
}

boost::asio::awaitable<void> FrontProcess::recheck() {
    const auto checked = co_await handlers::recheck_trees(services_);
    if (!checked) log_warning("trees of launched agents: " + checked.error().text());
    plan_recheck();
}

}  // namespace holdfast::daemon
