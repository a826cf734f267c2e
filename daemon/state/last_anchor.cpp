#include "daemon/state/last_anchor.h"

#include "holdfast/anchor_counter.h"

namespace holdfast::daemon {

Done LastAnchor::take(const ledger::Record& record) {
    if (record.type != anchor_type) return done();
    const auto found = record.members.find("value");
    const std::int64_t* value = found == record.members.end() ? nullptr : found->second.integer();
    if (value == nullptr || *value < 0 || static_cast<std::uint64_t>(*value) > max_anchor_value)
        return Error(Code::invalid, "an anchor record without a value");
    value_ = static_cast<std::uint64_t>(*value);
    return done();
}

}  // namespace holdfast::daemon
