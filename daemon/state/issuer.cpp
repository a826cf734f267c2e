#include "daemon/state/issuer.h"

#include <algorithm>

#include "core/crypto/certificate.h"
#include "core/crypto/digest.h"
#include "core/crypto/svid.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "holdfast/agent_id.h"

namespace holdfast::daemon {

namespace {

constexpr std::size_t serial_size = 16;

std::string claims_of(const CredentialRequest& request, const KeyDescription& key,
                      Custody custody) {
    encode::Json::Object claims = {
        {"assurance", to_string(request.measurement.assurance)},
        {"custody", to_string(custody)},
        {"fuse", to_string(key.agent_fuse.kind)},
        {"measurement", encode::hex(request.measurement.digest)},
    };
    return encode::canonical(encode::Json(std::move(claims)));
}

// As long as asked for, but within the profile's bound and the CA's own life.
Result<std::int64_t> end_of_life(std::int64_t now, std::int64_t lifetime, ByteView ca) {
    HOLDFAST_TRY(parsed, crypto::parse_certificate(ca));
    const std::int64_t longest = now - crypto::clock_skew + crypto::max_svid_lifetime;
    const std::int64_t end = std::min({now + lifetime, longest, parsed.not_after});
    if (end <= now) return Error(Code::unavailable, "issue: the CA certificate has expired");
    return end;
}

Result<IssuedCredential> issued_from(std::string spiffe_id, Bytes leaf, Bytes ca,
                                     std::int64_t now) {
    HOLDFAST_TRY(parsed, crypto::parse_certificate(leaf));
    const std::vector<Bytes> roots = {ca};
    const crypto::ChainRules rules{now, false};
    HOLDFAST_CHECK(crypto::verify_chain(leaf, {}, roots, rules));
    IssuedCredential issued;
    issued.spiffe_id = std::move(spiffe_id);
    issued.serial = parsed.serial;
    issued.not_after = parsed.not_after;
    issued.renew_after = now + (parsed.not_after - now) / 2;
    issued.chain.push_back(std::move(leaf));
    issued.chain.push_back(std::move(ca));
    return issued;
}

}  // namespace

Async<IssuedCredential> LocalIssuer::issue(CredentialRequest request) {
    const KeyDescription key = *request.key;
    HOLDFAST_CO_TRY(host, co_await keys_.host());

    const std::int64_t now = now_();
    HOLDFAST_CO_TRY(end, end_of_life(now, request.lifetime, host.ca_certificate));
    HOLDFAST_CO_TRY(serial, crypto::random_bytes(serial_size));
    const crypto::SvidRequest svid{.spiffe_id = AgentId{trust_domain_, request.agent}.uri(),
                                   .subject_spki = key.spki,
                                   .ca_certificate = host.ca_certificate,
                                   .serial = std::move(serial),
                                   .not_before = now - crypto::clock_skew,
                                   .not_after = end,
                                   .claims = claims_of(request, key, custody_of(key, host))};
    HOLDFAST_CO_TRY(tbs, crypto::svid_tbs(svid));

    std::string agent_key = key.id;
    std::string ca_key = host.ca.id;
    Bytes preimage = tbs;
    auto signing = keys_.sign_for(std::move(agent_key), std::move(ca_key), std::move(preimage));
    HOLDFAST_CO_TRY(signature, co_await std::move(signing));
    HOLDFAST_CO_TRY(leaf, crypto::assemble_certificate(tbs, signature));
    co_return issued_from(svid.spiffe_id, std::move(leaf), std::move(host.ca_certificate), now);
}

}  // namespace holdfast::daemon
