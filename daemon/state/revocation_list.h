// RevocationList: this host's CRL, made when what is revoked has changed, and in time before it
// ends.
#ifndef HOLDFAST_DAEMON_STATE_REVOCATION_LIST_H
#define HOLDFAST_DAEMON_STATE_REVOCATION_LIST_H

#include <boost/asio/any_io_executor.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/crypto/crl.h"
#include "daemon/link/keys.h"
#include "daemon/state/published_file.h"
#include "daemon/state/registry.h"
#include "daemon/state/turns.h"

namespace holdfast::daemon {

// As an agent's credential lives unless told otherwise; renewed at half of it, likewise.
inline constexpr std::int64_t crl_lifetime = 3600;  // seconds

// A certificate that must not be trusted any more.
struct Revocation {
    Bytes serial;
    crypto::RevocationReason reason;
    std::optional<std::int64_t> since;  // nothing: from when it is first listed
    friend bool operator==(const Revocation&, const Revocation&) = default;
};

// Event loop only.
class RevocationList {
  public:
    using Collect = std::function<std::vector<Revocation>()>;  // what is revoked at this moment
    using Now = std::function<std::int64_t()>;                 // Unix seconds

    // `path`: where each new list is written for others to fetch; "": nowhere.
    RevocationList(const boost::asio::any_io_executor& loop, Keys& keys, Registry& registry,
                   const std::string& path, Now now, Collect collect);

    // DER. Everything that is revoked now is on it; a new one only where that changed or half of
    // its life is over. unavailable: no_ca, once the host fuse is blown; or what the keys worker
    // said. Never an older list than that.
    Async<Bytes> current();
    // The same, and it is in the file; nothing to do where nothing is revoked, nobody ever asked
    // and there is no file.
    Async<std::monostate> publish();
    bool is_published_somewhere() const noexcept { return file_.has_value(); }
    // Something should be on a list, or in the file, and is not yet.
    bool is_due() const;

  private:
    using Entries = std::vector<crypto::RevokedCertificate>;

    Entries dated(std::vector<Revocation> wanted) const;
    bool is_good(const Entries& wanted) const;
    Async<std::monostate> make(Entries wanted);
    std::uint64_t next_number();

    Keys& keys_;
    Registry& registry_;
    Now now_;
    Collect collect_;
    std::optional<PublishedFile> file_;
    Turns turns_;
    Bytes list_;       // the last one made, DER
    Bytes in_file_;    // the last one written
    Entries entries_;  // on it
    std::int64_t made_at_ = 0;
    std::uint64_t number_ = 0;
    bool failed_ = false;
    bool no_ca_ = false;  // for good
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_REVOCATION_LIST_H
