// POST /v1/evidence: what TPM and key say for the caller, under the verifier's nonce.
#include "api/messages.h"
#include "attest/evidence/challenge.h"
#include "attest/evidence/pack.h"
#include "core/crypto/digest.h"
#include "core/crypto/jwk.h"
#include "core/encode/base64.h"
#include "core/encode/jws.h"
#include "core/encode/possession.h"
#include "daemon/handlers/caller.h"
#include "daemon/handlers/handlers.h"
#include "daemon/handlers/triggers.h"

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
    if (evidence.possession) record["possession"] = evidence.possession->key.id;
    if (evidence.boot_not_proven) record["boot"] = "not proven";
    return record;
}

Async<Answer> refuse_evidence(Services& services, const Call& call, std::string verifier,
                              Error error) {
    encode::Json::Object asked;
    asked["verifier"] = std::move(verifier);
    Refused refused{"evidence", std::move(asked), std::move(error)};
    co_return co_await refuse(services, call, std::move(refused));
}

// Whom a challenge is made for, and under which names it goes into the ledger.
struct Asked {
    KeyDescription key;
    std::string serial;  // of the credential
    std::string agent;   // SPIFFE ID
};

attest::Challenge challenge_for(const Evidence& evidence, const KeyDescription& key) {
    return {evidence.nonce,      evidence.verifier,    attest::key_name_of(key),
            evidence.credential, evidence.ledger_head, evidence.register_events};
}

// Costs the chip nothing: the log of which this is the length must be in what it then states.
Async<std::monostate> note_register(Services& services, Evidence& evidence) {
    if (!services.settings.has_tpm()) co_return done();
    HOLDFAST_CO_TRY(registered, co_await services.keys.register_log());
    evidence.register_events = registered.events;
    services.host.note(std::move(registered));
    co_return done();
}

// A host that has a TPM gives evidence with it or none at all: boot is never left out quietly.
Async<std::monostate> add_tpm(Services& services, const KeyDescription& key,
                              const Sha256& challenge, Evidence& evidence) {
    evidence.boot_not_proven = !services.settings.has_tpm();
    if (evidence.boot_not_proven) co_return done();
    std::string certified = key.backend == Backend::tpm ? key.id : std::string();
    HOLDFAST_CO_TRY(tpm,
                    co_await services.keys.attest_for(key.id, std::move(certified), challenge));
    if (key.backend == Backend::tpm && tpm.key.name != key.name)
        co_return Error(Code::internal, "the keys worker attested another key than " + key.id);
    evidence.tpm = std::move(tpm);
    co_return done();
}

encode::Possession possession_of(const Asked& asked, const Sha256& challenge,
                                 const Evidence& evidence) {
    std::optional<Sha256> ak;
    if (evidence.tpm) ak = crypto::sha256(evidence.tpm->ak_public);
    return {.agent = asked.agent,
            .ak = ak,
            .challenge = challenge,
            .custody = asked.key.custody,
            .verifier = evidence.verifier};
}

// The key says itself which challenge it answers, and whose AK spoke beside it.
Async<std::monostate> add_possession(Services& services, const Asked& asked,
                                     const Sha256& challenge, Evidence& evidence) {
    const KeyDescription& key = asked.key;
    if (key.backend == Backend::tpm) co_return done();
    const encode::Possession said = possession_of(asked, challenge, evidence);
    HOLDFAST_CO_TRY(kid, crypto::jwk_thumbprint(key.spki));
    encode::JwsHeader header;
    header.alg = jws_alg(key.algorithm);
    header.typ = encode::possession_typ;
    header.kid = std::move(kid);
    header.x5c = evidence.credential;
    const std::string input = encode::signing_input(header, encode::to_json(said));
    Bytes preimage = bytes_of(view_of(input));
    HOLDFAST_CO_TRY(signature, co_await services.keys.sign(key.id, std::move(preimage)));
    std::string jws = encode::compact(input, signature);
    evidence.possession.emplace(PossessionEvidence{key, std::move(jws)});
    co_return done();
}

// Quotes, signs, records and packs; `evidence` holds everything but what TPM and key say.
Async<Answer> attest_recorded(Services& services, const Call& call, Asked asked,
                              Evidence evidence) {
    HOLDFAST_CO_CHECK(services.ledger.writable());
    HOLDFAST_CO_CHECK(co_await note_register(services, evidence));
    const auto challenge = challenge_for(evidence, asked.key);
    HOLDFAST_CO_TRY(digest, attest::challenge_digest(challenge));
    HOLDFAST_CO_CHECK(co_await add_tpm(services, asked.key, digest, evidence));
    HOLDFAST_CO_CHECK(co_await add_possession(services, asked, digest, evidence));
    auto record = record_of(call, evidence, digest, asked.serial);
    HOLDFAST_CO_TRY(index, co_await services.ledger.append("evidence", std::move(record)));
    (void)index;
    HOLDFAST_CO_CHECK(services.containment.allows(call.instance->agent, call.instance->id));

    Answer answer;
    answer.body = attest::pack(evidence);
    answer.gated_agent = call.instance->agent;
    co_return answer;
}

}  // namespace

Async<Answer> evidence(Services& services, const Call& call) {
    HOLDFAST_CO_TRY(wanted, api::evidence_request(call.body));
    auto caller = watched_caller(services, call);
    if (!caller) {
        Error error = std::move(caller).error();
        co_return co_await refuse_evidence(services, call, wanted.verifier, std::move(error));
    }
    // It needs a credential, and whom a disk of before takes for active may be stopped.
    HOLDFAST_CO_CHECK(services.anchor.holds());
    const KeyDescription key = caller->row->key;
    std::string id = spiffe_id(services, caller->row->name);
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
    Asked asked{key, issued.serial, std::move(id)};
    co_return co_await attest_recorded(services, call, std::move(asked), std::move(evidence));
}

}  // namespace holdfast::daemon::handlers
