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
// What has just failed is not tried again for whoever asks.
inline constexpr std::int64_t crl_pause = 2;  // seconds

// unavailable, no_ca: with the host fuse blown its CA signs nothing any more.
Error no_ca();

// A certificate that must not be trusted any more.
struct Revocation {
    Bytes serial;
    crypto::RevocationReason reason;
    std::optional<std::int64_t> since;  // nothing: from when it is first listed
    bool is_over = false;  // it has ended by itself: first to go where there are too many
    friend bool operator==(const Revocation&, const Revocation&) = default;
};

// Event loop only.
class RevocationList {
  public:
    // What is revoked at this moment; an Error while nobody can say.
    using Collect = std::function<Result<std::vector<Revocation>>()>;
    using Now = std::function<std::int64_t()>;  // Unix seconds
    enum class Standing : std::uint8_t {
        told,     // everything that is revoked is on the list, and in the file
        due,      // not yet
        unknown,  // collecting failed
        no_ca,    // the host fuse is blown: there will be no other list
    };

    // `path`: where each new list is written for others to fetch; "": nowhere.
    RevocationList(const boost::asio::any_io_executor& loop, Keys& keys, Registry& registry,
                   const std::string& path, Now now, Collect collect);

    // DER. Everything that is revoked now is on it; a new one only where that changed or half of
    // its life is over. unavailable: no_ca, once the host fuse is blown; crl_too_long, past
    // max_crl_entries; or what collecting or the keys worker said. Never an older list than that.
    Async<Bytes> current();
    // The same for whoever asks: a failure answers for crl_pause seconds.
    Async<Bytes> shown();
    // The same, and it is in the file; nothing to do where nothing is revoked, nobody ever asked
    // and there is no file.
    Async<std::monostate> publish();
    bool is_published_somewhere() const noexcept { return file_.has_value(); }
    Standing standing() const;
    bool is_due() const { return standing() == Standing::due; }
    // Seconds until half of its life is over; none: there is no list.
    std::optional<std::int64_t> renews_in() const;

  private:
    using Entries = std::vector<crypto::RevokedCertificate>;

    Result<Entries> wanted() const;
    Entries dated(std::vector<Revocation> wanted) const;
    bool is_good(const Entries& wanted) const;
    Async<std::monostate> make(Entries wanted);
    std::uint64_t next_number() const;
    void note_number(std::uint64_t number);
    Error failed(Error error);

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
    std::optional<Error> failure_;  // of the last try
    std::int64_t failed_at_ = 0;
    bool no_ca_ = false;  // for good
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_STATE_REVOCATION_LIST_H
