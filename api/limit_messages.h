// Limits as GET /v1/agents/{name} shows them. docs/protocol.md has the JSON.
#ifndef HOLDFAST_API_LIMIT_MESSAGES_H
#define HOLDFAST_API_LIMIT_MESSAGES_H

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/encode/json.h"

namespace holdfast::api {

struct LimitUse {
    std::string name, action, sum, per;  // as declared; empty: null
    std::uint64_t cap = 0;
    std::int64_t window = 0;  // seconds
    bool hardware = false;
    // Of the value of `per` that has used most; none while it is still being counted.
    struct Use {
        std::uint64_t used = 0;
        std::string key;  // canonical JSON or a digest; empty: one window for all
        std::size_t keys = 0;
    };
    std::optional<Use> use;
};

// Numbers that JSON cannot hold are shown as the largest it can.
encode::Json to_json(const std::vector<LimitUse>& limits);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_LIMIT_MESSAGES_H
