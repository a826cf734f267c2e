// holdfast-importer: the only process that writes the store. Started for one request, then it ends.
#include "daemon/log.h"
#include "daemon/process.h"
#include "daemon/workers/importer.h"

int main() {
    using namespace holdfast::daemon;  // NOLINT(google-build-using-namespace): a main
    const auto begun = begin_process("importer");
    if (!begun) return log_error(begun.error().text()), 1;
    const auto request = receive_message(supervisor_link);
    if (!request) return log_error(request.error().text()), 1;
    const auto reply = encode_reply(*request, answer_store_request(*request));
    const auto sent = send_message(supervisor_link, reply);
    if (!sent) return log_error(sent.error().text()), 1;
    return 0;
}
