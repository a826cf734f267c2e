// POST /v1/evidence: what the TPM says about the caller's key, under the verifier's nonce.
#include "api/messages.h"
#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"

namespace holdfast::daemon::handlers {
namespace {

encode::Json::Object record_of(const Call& call, const Evidence& evidence, const Sha256& challenge,
                               const std::string& serial) {
    encode::Json::Object record;
    record["agent"] = call.instance->agent;
    record["challenge"] = encode::hex(challenge);
    record["credential_serial"] = serial;
    record["instance"] = call.instance->id;
    record["nonce_sha256"] = encode::hex(crypto::sha256(evidence.nonce));
    record["verifier"] = evidence.verifier;
    return record;
}

Async<Answer> refuse_evidence(Services& services, const Call& call, std::string verifier,
                              Error error) {
    encode::Json::Object asked;
    asked["verifier"] = std::move(verifier);
    Refused refused{"evidence", std::move(asked), std::move(error)};
    co_return co_await refuse(services, call, std::move(refused));
}

// Quotes, records and packs; `evidence` holds everything but the TPM's part.
Async<Answer> attest_recorded(Services& services, const Call& call, KeyDescription key,
                              Evidence evidence, std::string serial) {
    HOLDFAST_CO_CHECK(services.ledger.writable());
    // Costs the chip nothing: the log of which this is the length must be in what it then states.
    HOLDFAST_CO_TRY(registered, co_await services.keys.register_log());
    evidence.register_events = registered.events;
    services.host.note(std::move(registered));
    const attest::Challenge challenge{
        evidence.nonce,      evidence.verifier,    key.name,
        evidence.credential, evidence.ledger_head, evidence.register_events};
    HOLDFAST_CO_TRY(digest, attest::challenge_digest(challenge));
    HOLDFAST_CO_TRY(tpm, co_await services.keys.attest(key.id, digest));
    if (tpm.key.name != key.name)
        co_return Error(Code::internal, "the keys worker attested another key than " + key.id);
    evidence.tpm = std::move(tpm);
    auto record = record_of(call, evidence, digest, serial);
    HOLDFAST_CO_TRY(index, co_await services.ledger.append("evidence", std::move(record)));
    (void)index;
    HOLDFAST_CO_CHECK(services.containment.allows(call.instance->agent));

    Answer answer;
    answer.body = attest::pack(evidence);
    answer.gated_agent = call.instance->agent;
    co_return answer;
}

}  // namespace

Async<Answer> evidence(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(wanted, api::evidence_request(call.body));
    auto caller = caller_of(services, call);
    if (!caller) {
        Error error = std::move(caller).error();
        co_return co_await refuse_evidence(services, call, wanted.verifier, std::move(error));
    }
    const KeyDescription key = caller->row->key;
    CredentialRequest request = credential_request(*caller, call, key);
    HOLDFAST_CO_TRY(issued, co_await services.credentials.current(std::move(request)));
    // Issuing may have taken seconds; a contained agent, or other code, costs the TPM nothing.
    auto still = same_caller_of(services, call);
    if (!still) {
        Error error = std::move(still).error();
        co_return co_await refuse_evidence(services, call, wanted.verifier, std::move(error));
    }
    Evidence evidence;
    evidence.nonce = std::move(wanted.nonce);
    evidence.verifier = std::move(wanted.verifier);
    evidence.credential = issued.chain;
    evidence.ledger_head = services.ledger.head();
    co_return co_await attest_recorded(services, call, key, std::move(evidence), issued.serial);
}

}  // namespace holdfast::daemon::handlers
