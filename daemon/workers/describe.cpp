#include "daemon/workers/describe.h"

#include <sys/socket.h>

#include <string>
#include <string_view>

#include "daemon/process.h"

namespace holdfast::daemon {

bool is_asked_to_describe(int argc, char** argv) {
    return argc == 2 && std::string_view(argv[1]) == "--describe";
}

int tell(const Result<encode::Json::Object>& found) {
    encode::Json::Object object;
    if (found)
        object = *found;
    else
        object["error"] = found.error().text();
    const std::string text = encode::canonical(encode::Json(std::move(object)));
    const ssize_t sent = ::send(supervisor_link, text.data(), text.size(), MSG_NOSIGNAL);
    return sent == static_cast<ssize_t>(text.size()) ? 0 : 1;
}

}  // namespace holdfast::daemon
