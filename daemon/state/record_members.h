// What folds over the ledger read out of a record.
#ifndef HOLDFAST_DAEMON_STATE_RECORD_MEMBERS_H
#define HOLDFAST_DAEMON_STATE_RECORD_MEMBERS_H

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/record.h"

namespace holdfast::daemon {

// Null when it has none.
const encode::Json* member(const ledger::Record& record, std::string_view name);
// invalid: no such member, or none of that type.
Result<std::string> text(const ledger::Record& record, std::string_view name);
Result<std::int64_t> number(const ledger::Record& record, std::string_view name);
std::string text_or_nothing(const ledger::Record& record, std::string_view name);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_RECORD_MEMBERS_H
