// Who answered for what a record says: asked on the admin socket.
#ifndef HOLDFAST_API_WHO_MESSAGES_H
#define HOLDFAST_API_WHO_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

struct WhoRequest {
    std::uint64_t sequence = 0;  // of a record
};
Result<WhoRequest> who_request(std::string_view body);

struct Who {
    std::uint64_t sequence = 0;
    std::string type;
    std::int64_t time = 0;       // Unix seconds
    std::string agent;           // name
    std::uint64_t declared = 0;  // sequence of the record that declared it so
    std::string sponsor, owner, policy_author;
    std::vector<std::string> can_stop;
    std::vector<std::string> approved_by;  // left out when there is nobody
    std::string stopped_by;                // left out unless it is a stop
};
encode::Json to_json(const Who& who);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_WHO_MESSAGES_H
