// The certificate of the host's own CA key: self-signed, kept in a file, renewed before it ends.
#ifndef HOLDFAST_DAEMON_WORKERS_CA_CERTIFICATE_H
#define HOLDFAST_DAEMON_WORKERS_CA_CERTIFICATE_H

#include <cstdint>
#include <functional>
#include <string>

#include "holdfast/bytes.h"
#include "holdfast/custody.h"
#include "holdfast/result.h"

namespace holdfast::daemon {

inline constexpr std::int64_t ca_renewal = 10L * 24 * 3600;  // seconds left when it is renewed

class CaCertificate {
  public:
    using Sign = std::function<Result<Bytes>(const KeyDescription& ca, ByteView tbs)>;

    CaCertificate(std::string file, std::string trust_domain, Sign sign)
        : file_(std::move(file)), trust_domain_(std::move(trust_domain)), sign_(std::move(sign)) {}

    // The one in the file while it fits the key, the trust domain and the time, else a new one.
    // When no new one can be signed (host fuse blown) but the old is still valid, the old one.
    Result<Bytes> current(const KeyDescription& ca, std::int64_t now);

  private:
    Result<Bytes> issue(const KeyDescription& ca, std::int64_t now) const;

    std::string file_;
    std::string trust_domain_;
    Sign sign_;
};

}  // namespace holdfast::daemon

#endif  // HOLDFAST_DAEMON_WORKERS_CA_CERTIFICATE_H
