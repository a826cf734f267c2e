// LimitFold: feeds limits with what the ledger says was signed, withheld and set aside.
#ifndef HOLDFAST_DAEMON_STATE_LIMIT_FOLD_H
#define HOLDFAST_DAEMON_STATE_LIMIT_FOLD_H

#include <string>

#include "core/encode/json.h"
#include "holdfast/evidence.h"
#include "holdfast/result.h"
#include "ledger/record.h"
#include "policy/limits.h"

namespace holdfast::daemon {

// A hardware limit's block: "limit_block" {agent, limit, shape, key, amount, until}.
inline constexpr const char* limit_block_type = "limit_block";
encode::Json::Object members_of(const policy::Block& block);

// A fold over the ledger: given every record in order.
class LimitFold {
  public:
    explicit LimitFold(policy::Limits& limits) : limits_(limits) {}

    // invalid: a record whose type is counted, but which nothing of ours wrote; unless there is
    // nothing to count.
    Done take(const ledger::Record& record);

  private:
    Done take_action(const ledger::Record& record);
    Done take_block(const ledger::Record& record);
    Done take_withheld(const ledger::Record& record);

    policy::Limits& limits_;
};

// Blocking: reads the whole ledger as it lies on disk, also while records are added to it, and
// counts what is declared. It must continue `known`, the durable head when it was asked for.
Result<policy::Limits> count_from_ledger(const std::string& directory, const LedgerHead& known,
                                         const policy::DeclaredLimits& declared);

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LIMIT_FOLD_H
