// The anchor counter on the admin socket: how it stands, and an operator's word about it.
#ifndef HOLDFAST_API_ANCHOR_MESSAGES_H
#define HOLDFAST_API_ANCHOR_MESSAGES_H

#include <cstdint>
#include <string>
#include <string_view>

#include "core/encode/json.h"
#include "holdfast/result.h"

namespace holdfast::api {

inline constexpr std::size_t max_anchor_reason = 500;  // bytes

struct AnchorAccept {
    std::string reason;
};
Result<AnchorAccept> anchor_accept_request(std::string_view body);

struct Anchor {
    std::string state;           // "unread", "absent", "ready", "differs"
    std::uint64_t counter = 0;   // of the TPM, as last read; 0: none
    std::uint64_t recorded = 0;  // of the ledger's last anchor; 0: none
    std::string reason;          // in plain words; empty while all is well
};
encode::Json to_json(const Anchor& anchor);

}  // namespace holdfast::api

#endif  // HOLDFAST_API_ANCHOR_MESSAGES_H
