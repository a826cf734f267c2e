#include "policy/seen_events.h"

#include <algorithm>

#include "core/crypto/digest.h"

namespace holdfast::policy {
namespace {

// Neither holds a control character.
Sha256 name_of(std::string_view issuer, std::string_view id) {
    return crypto::sha256(view_of(std::string(issuer) + '\n' + std::string(id)));
}

}  // namespace

void SeenEvents::take(std::string_view issuer, std::string_view id, std::int64_t issued) {
    const Sha256 name = name_of(issuer, id);
    if (!issued_.try_emplace(name, issued).second) return;
    by_time_.emplace(issued, name);
    if (issued_.size() <= max_seen_events) return;
    const auto oldest = by_time_.begin();
    forgotten_ = std::max(forgotten_, oldest->first);
    issued_.erase(oldest->second);
    by_time_.erase(oldest);
}

Done SeenEvents::check(std::string_view issuer, std::string_view id, std::int64_t issued) const {
    if (issued_.contains(name_of(issuer, id)))
        return Error(Code::conflict, "security event: was taken before").because("set_replayed");
    if (issued > forgotten_) return done();
    return Error(Code::denied, "security event: older than what is remembered").because("set_time");
}

}  // namespace holdfast::policy
