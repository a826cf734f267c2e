// holdfast-measurer: the only process that may look into other users' processes.
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/workers/measurer.h"
#include "daemon/workers/serve.h"

int main() {
    using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a main
    const auto begun = begin_process("measurer");
    if (!begun) return log_error(begun.error().text()), 1;
    const auto settings = inherited_settings();
    if (!settings) return log_error(settings.error().text()), 1;

    Service service;
    service.handle = [&settings](const Message& request) {
        return measure_for(request, settings->dev);
    };
    return serve({supervisor_link, front_link}, service);
}
