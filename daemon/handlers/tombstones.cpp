// GET /v1/tombstones/{name}.
#include "daemon/handlers/tombstones.h"

#include <optional>

#include "api/messages.h"
#include "core/crypto/jwk.h"
#include "core/encode/jws.h"
#include "core/encode/tombstone.h"
#include "daemon/handlers/admin.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/link/bell.h"
#include "daemon/log.h"

namespace holdfast::daemon::handlers {
namespace {

using encode::FuseWord;
using encode::Tombstone;

std::string note_of(const std::string& agent) {
    return "tombstone " + agent;
}

FuseWord fuse_of(const AgentRow& row) {
    if (Stages::of(row.pending).has(Stage::fuse)) return FuseWord::pending;
    return row.key.agent_fuse.kind == FuseKind::host ? FuseWord::host_only : FuseWord::blown;
}

// What a tombstone of this row says at this moment.
Result<Tombstone> said_now(const Services& services, const AgentRow& row) {
    const StopRecord* stop = services.history.stop_of(row.key.id);
    if (stop == nullptr || !stop->has_ended())
        return Error(Code::unavailable, "its end is not yet in the ledger", Retry::later)
            .because("unsettled");
    HOLDFAST_TRY(thumbprint, crypto::jwk_thumbprint(row.key.spki));
    return Tombstone{.agent = spiffe_id(services, row.name),
                     .state = stop->state,
                     .spki = row.key.spki,
                     .key_thumbprint = std::move(thumbprint),
                     .fuse = fuse_of(row),
                     .by = stop->by.substr(0, encode::max_tombstone_by),
                     .reason = stop->reason.substr(0, encode::max_tombstone_reason),
                     .sequence = stop->sequence,
                     .since = stop->time,
                     .time = services.now()};
}

// Apart from when it was made.
bool says(const std::string& kept, Tombstone wanted) {
    const auto jws = encode::parse_jws(kept);
    if (!jws) return false;
    const auto tombstone = encode::tombstone_from(jws->payload);
    if (!tombstone) return false;
    wanted.time = tombstone->time;
    return encode::canonical(encode::to_json(*tombstone)) ==
           encode::canonical(encode::to_json(wanted));
}

Async<std::string> sign(Services& services, Tombstone tombstone) {
    HOLDFAST_CO_TRY(host, co_await services.keys.host());
    if (host.ca_certificate.empty()) co_return no_ca();
    HOLDFAST_CO_TRY(kid, crypto::jwk_thumbprint(host.ca.spki));
    const encode::JwsHeader header{std::string(jws_alg(KeyAlgorithm::es256)),
                                   std::string(encode::tombstone_typ),
                                   std::move(kid),
                                   {std::move(host.ca_certificate)}};
    const std::string input = encode::signing_input(header, encode::to_json(tombstone));
    std::string ca_key = host.ca.id;
    Bytes preimage = bytes_of(view_of(input));
    auto signing = services.keys.sign(std::move(ca_key), std::move(preimage));
    HOLDFAST_CO_TRY(signature, co_await std::move(signing));
    co_return encode::compact(input, signature);
}

bool is_of(const std::string& kept, const std::string& thumbprint) {
    const auto jws = encode::parse_jws(kept);
    if (!jws) return false;
    const auto tombstone = encode::tombstone_from(jws->payload);
    return tombstone && tombstone->key_thumbprint == thumbprint;
}

Async<std::string> sign_and_keep(Services& services, std::string agent, Tombstone tombstone) {
    HOLDFAST_CO_CHECK(services.anchor.holds());
    auto signing = sign(services, std::move(tombstone));
    HOLDFAST_CO_TRY(jws, co_await std::move(signing));
    const Done kept = services.registry.set_note(note_of(agent), jws);
    if (!kept) log_warning("tombstone of " + agent + ": " + kept.error().text());
    co_return jws;
}

boost::asio::awaitable<void> bury_now(Services& services, std::string agent) {
    const auto made = co_await tombstone_of(services, agent);
    if (!made) log_warning("tombstone of " + agent + ": " + made.error().text());
}

}  // namespace

Async<std::string> tombstone_of(Services& services, std::string agent) {
    const auto row = current_row(services, agent);
    if (!row) co_return unknown_agent(agent);
    const auto kept = services.registry.note(note_of(agent));
    if (!has_ended(row->state)) {
        if (kept) co_return *kept;
        co_return Error(Code::not_found, "agent " + agent + " has not ended")
            .because("no_tombstone");
    }
    auto wanted = said_now(services, *row);
    if (!wanted) co_return std::move(wanted).error();
    if (kept && says(*kept, *wanted)) co_return *kept;
    const std::string thumbprint = wanted->key_thumbprint;
    auto signing = sign_and_keep(services, agent, *std::move(wanted));
    auto made = co_await std::move(signing);
    if (!made && kept && is_of(*kept, thumbprint)) co_return *kept;
    co_return made;
}

void bury(Services& services, const boost::asio::any_io_executor& executor, std::string agent) {
    const auto row = current_row(services, agent);
    if (!row || !has_ended(row->state)) return;
    run_beside(executor, bury_now(services, std::move(agent)));
}

// Whoever may ask at all: it is for verifiers.
Async<Answer> tombstone(Services& services, const Call& call) {
    HOLDFAST_CO_CHECK(api::empty_request(call.body));
    std::string agent = call.argument;
    HOLDFAST_CO_TRY(jws, co_await tombstone_of(services, std::move(agent)));
    Answer answer;
    answer.content_type = "application/jose";  // RFC 7515 §9.2.1
    answer.body = std::move(jws);
    co_return answer;
}

}  // namespace holdfast::daemon::handlers
