// LimitCounting: counts limits from the ledger beside the event loop, which waits for no disk.
#ifndef HOLDFAST_DAEMON_STATE_LIMIT_COUNTING_H
#define HOLDFAST_DAEMON_STATE_LIMIT_COUNTING_H

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/thread_pool.hpp>

#include <string>

#include "daemon/link/async.h"
#include "holdfast/evidence.h"
#include "policy/limits.h"

namespace holdfast::daemon {

// Event loop only. One ledger is read at a time.
class LimitCounting {
  public:
    LimitCounting(boost::asio::any_io_executor loop, std::string ledger_directory);

    // As count_from_ledger().
    Async<policy::Limits> count(policy::DeclaredLimits declared, LedgerHead known);

  private:
    boost::asio::any_io_executor loop_;
    std::string directory_;
    boost::asio::thread_pool thread_{1};
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_LIMIT_COUNTING_H
