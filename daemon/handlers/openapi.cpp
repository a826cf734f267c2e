// GET /v1/openapi.json: the document of both sockets, as it was when this was built.
#include "api/openapi.h"

#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {

Async<Answer> openapi(Services& services, const Call& call) {
    (void)services;
    (void)call;
    Answer answer;
    answer.body = api::openapi_document();
    co_return answer;
}

}  // namespace holdfast::daemon::handlers
