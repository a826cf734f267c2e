#include "daemon/workers/keys_process.h"

#include <ctime>

#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/workers/serve.h"

namespace holdfast::daemon {

// A chip that is not there may come back at any moment: start again.
int explain(const Error& error) {
    if (error.code() != Code::unavailable && error.code() != Code::busy &&
        error.code() != Code::timeout)
        return explain_to_callers(error, explain_for);
    log_error(error.text());
    return exit_try_later;
}

// Whatever is wrong here, callers are not: what an operator mends, they may ask for again.
int explain_to_callers(const Error& error, std::chrono::seconds time) {
    log_error(error.text());
    const Error told = Error(Code::unavailable, error.text(), Retry::later).because(error.reason());
    Service service;
    service.handle = [&told](const Message&) -> Result<Reply> { return told; };
    service.at_most = time;
    const int status = serve({supervisor_link, front_link}, service);
    return status == 0 ? 0 : exit_try_later;
}

int serve_keys(KeysWorker& worker, const std::string& fatal_reason) {
    Service service;
    service.handle = [&worker](const Message& request) { return worker.handle(request); };
    service.fatal_reason = fatal_reason;
    service.rest = [&worker] { worker.rest(); };
    return serve({supervisor_link, front_link}, service);
}

std::int64_t unix_now() {
    return static_cast<std::int64_t>(std::time(nullptr));
}

}  // namespace holdfast::daemon
