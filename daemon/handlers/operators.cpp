#include "daemon/handlers/operators.h"

#include <utility>

#include "core/encode/base64.h"

namespace holdfast::daemon::handlers {
namespace {

// Without a record nobody was an operator yet.
std::string last_recorded(const Services& services) {
    const std::string& last = services.history.last().operators_sha256();
    return last.empty() ? encode::hex(policy::Operators().digest()) : last;
}

}  // namespace

Async<bool> record_operators(Services& services, const policy::Operators& operators,
                             std::string by) {
    if (encode::hex(operators.digest()) == last_recorded(services)) co_return false;
    encode::Json::Object record;
    record["by"] = std::move(by);
    record["file_sha256"] = encode::hex(operators.digest());
    record["operators"] = static_cast<std::int64_t>(operators.all().size());
    auto appended = services.ledger.append("operators", std::move(record));
    HOLDFAST_CO_CHECK(co_await std::move(appended));
    co_return true;
}

}  // namespace holdfast::daemon::handlers
