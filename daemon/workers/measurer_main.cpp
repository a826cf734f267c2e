// holdfast-measurer: the only process that may look into other users' processes.
#include <exception>

#include "daemon/confine.h"
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/workers/measurer.h"
#include "daemon/workers/serve.h"

namespace holdfast::daemon {
namespace {

int run() {
    const auto begun = begin_process("measurer");
    if (!begun) return log_error(begun.error().text()), 1;
    const auto settings = inherited_settings();
    if (!settings) return log_error(settings.error().text()), 1;
    const auto confined = confine_process();
    if (!confined) return log_error(confined.error().text()), 1;

    Service service;
    const MeasurerRules rules{settings->dev, settings->store_dir};
    service.handle = [&rules](const Message& request) { return answer_measurer(request, rules); };
    return serve({supervisor_link, front_link}, service);
}

}  // namespace
}  // namespace holdfast::daemon

int main() {
    try {
        return holdfast::daemon::run();
    } catch (const std::exception& error) {
        // Only memory can be missing here: every other failure is a value.
        holdfast::daemon::log_error(error.what());
        return 1;
    }
}
