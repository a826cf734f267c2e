// The OpenAPI 3.1 document of both sockets: api/openapi.json, embedded when this is built.
#ifndef HOLDFAST_API_OPENAPI_H
#define HOLDFAST_API_OPENAPI_H

#include <string_view>

namespace holdfast::api {

std::string_view openapi_document();

}  // namespace holdfast::api

#endif  // HOLDFAST_API_OPENAPI_H
