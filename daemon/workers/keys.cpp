#include "daemon/workers/keys.h"

#include <algorithm>
#include <utility>

#include "daemon/log.h"
#include "holdfast/agent_id.h"

namespace holdfast::daemon {

Done check_no_token(std::string_view uri) {
    if (!uri.empty()) return Error(Code::invalid, "a TPM is no PKCS#11 token");
    return done();
}

KeysWorker::KeysWorker(Parts parts)
    : parts_(std::move(parts)),
      rules_{
          parts_.trust_domain, parts_.has_tpm, parts_.now,
          [this](std::string_view agent, ByteView spki) { return is_live_agent_key(agent, spki); },
          [this](ByteView spki) { return is_live_key(spki); }},
      ca_certificate_(
          parts_.ca_certificate_file, parts_.trust_domain,
          [this](const KeyDescription& ca, ByteView tbs) { return checked_signature(ca, tbs); }) {}

Result<KeyDescription> KeysWorker::own_key(const std::string& id, Purpose purpose) {
    auto key = parts_.store.describe(id);
    if (key || key.error().code() != Code::not_found) return key;
    HOLDFAST_TRY(made, parts_.store.create(hsm::NewKey{purpose, "", KeyAlgorithm::es256}));
    log_info("made the host's own key '" + id + "'");
    return made;
}

Done KeysWorker::prepare() {
    HOLDFAST_CHECK(settle_live_keys());
    return parts_.keeps_host_keys ? prepare_host_keys() : done();
}

Done KeysWorker::prepare_host_keys() {
    HOLDFAST_TRY(ca, own_key(std::string(ca_key_id), Purpose::certificate));
    HOLDFAST_TRY(ledger, own_key(std::string(ledger_key_id), Purpose::checkpoint));
    const auto certificate = ca_certificate_.current(ca, parts_.now());
    // With its fuse blown the CA key is dead for good; the host must still attest and seal its log.
    if (!certificate && hsm::is(certificate.error(), hsm::fuse_blown)) {
        log_warning("no CA certificate: " + certificate.error().text());
        return done();
    }
    HOLDFAST_CHECK(certificate);
    return done();
}

Result<Reply> KeysWorker::handle(const Message& request) {
    HOLDFAST_TRY(body, answer(request));
    return Reply{std::move(body), {}};
}

Result<Bytes> KeysWorker::answer(const Message& request) {
    if (!request.descriptors.empty())
        return Error(Code::invalid, "keys: a request with descriptors");
    // Only signatures share what they keep in the chip; other verbs have all its slots.
    if (request.operation != Operation::sign) parts_.store.rest();
    switch (request.operation) {
        case Operation::host: return host();
        case Operation::check_token: return check_token(request.payload);
        case Operation::create: return create(request.payload);
        case Operation::list: {
            HOLDFAST_TRY(keys, parts_.store.list());
            return encode(keys);
        }
        case Operation::sign: return sign(request.payload);
        case Operation::attest: return attest(request.payload);
        case Operation::activate: return activate(request.payload);
        case Operation::extend_register: return extend_register(request.payload);
        case Operation::register_log: return register_log(request.payload);
        case Operation::read_anchor: return read_anchor(request.payload);
        case Operation::advance_anchor: return advance_anchor(request.payload);
        case Operation::flush_sessions: return flush_sessions(request.payload);
        case Operation::blow_fuse:
        case Operation::blow_host_fuse:
        case Operation::destroy: return end_key(request);
        default: return Error(Code::invalid, "keys: unknown operation");
    }
}

Result<Bytes> KeysWorker::host() {
    HostIdentity host;
    host.custody = parts_.store.custody();
    host.algorithms = parts_.store.algorithms();
    HOLDFAST_TRY(endorsement, parts_.quoter.endorsement());
    host.manufacturer = std::move(endorsement.manufacturer);
    host.ek_certificates = std::move(endorsement.certificates);
    host.ek_public = std::move(endorsement.ek_public);
    host.ak_public = std::move(endorsement.ak_public);
    host.token = parts_.token;
    host.event_register = register_status();
    if (parts_.keeps_host_keys) HOLDFAST_CHECK(add_host_keys(host));
    return encode(host);
}

Done KeysWorker::add_host_keys(HostIdentity& host) {
    HOLDFAST_TRY(ca, parts_.store.describe(ca_key_id));
    HOLDFAST_TRY(ledger, parts_.store.describe(ledger_key_id));
    host.ca = std::move(ca);
    host.ledger = std::move(ledger);
    // An empty certificate says that the host fuse is blown, however long the stored one would
    // last.
    HOLDFAST_TRY(fuse, parts_.store.fuse_state(ca_key_id));
    if (fuse == hsm::FuseState::blown) return done();
    auto certificate = ca_certificate_.current(host.ca, parts_.now());
    if (!certificate && !hsm::is(certificate.error(), hsm::fuse_blown))
        return std::move(certificate).error().within("CA certificate");
    if (certificate) host.ca_certificate = *std::move(certificate);
    return done();
}

// The front sends each request to the worker it is for, and is not believed.
Done KeysWorker::check_place(const CreateRequest& request) const {
    if (request.backend != parts_.backend)
        return Error(Code::invalid, "keys in '" + std::string(to_string(request.backend)) +
                                        "' are not made by this worker");
    return parts_.check_token(request.token);
}

Result<Bytes> KeysWorker::check_token(ByteView payload) const {
    HOLDFAST_TRY(uri, decode_name(payload));
    if (parts_.backend == Backend::tpm) return Error(Code::invalid, "a TPM is no PKCS#11 token");
    HOLDFAST_CHECK(parts_.check_token(uri));
    return Bytes();
}

Result<Bytes> KeysWorker::create(ByteView payload) {
    HOLDFAST_TRY(request, decode_create(payload));
    HOLDFAST_CHECK(check_agent_name(request.agent));
    HOLDFAST_CHECK(check_place(request));
    HOLDFAST_TRY(
        key, parts_.store.create(hsm::NewKey{Purpose::action, request.agent, request.algorithm}));
    Done published = parts_.live_keys.publish(key);
    if (published) return encode(key);
    // Nobody is told of it, so nobody could ever end it.
    const Done ended = parts_.store.blow_fuse(key.id);
    if (ended) (void)parts_.store.destroy(key.id);
    return std::move(published).error().within("create");
}

Result<Bytes> KeysWorker::checked_signature(const KeyDescription& key, ByteView preimage) {
    HOLDFAST_CHECK(hsm::check_family(key, preimage, rules_));
    return parts_.store.sign(key.id, preimage);
}

Result<Bytes> KeysWorker::sign(ByteView payload) {
    HOLDFAST_TRY(request, decode_sign(payload));
    HOLDFAST_TRY(key, parts_.store.describe(request.key_id));
    return checked_signature(key, request.preimage);
}

Result<Bytes> KeysWorker::attest(ByteView payload) {
    HOLDFAST_TRY(request, decode_attest(payload));
    HOLDFAST_TRY(evidence, parts_.quoter.attest(request.key_id, request.challenge));
    return encode(evidence);
}

Result<Bytes> KeysWorker::activate(ByteView payload) {
    HOLDFAST_TRY(request, decode_activate(payload));
    HOLDFAST_TRY(secret, parts_.quoter.activate(request.blob, request.secret));
    // It is the verifier's challenge, meant to be told; only its way here was secret.
    return bytes_of(secret.view());
}

RegisterStatus KeysWorker::register_status() const {
    RegisterStatus status = parts_.registrar.status();
    status.reason.resize(std::min(status.reason.size(), max_error_text));
    return status;
}

// The registrar checks what an event may be; the anchor is none.
Result<Bytes> KeysWorker::extend_register(ByteView payload) {
    HOLDFAST_TRY(content, decode_name(payload));
    HOLDFAST_TRY(position, parts_.registrar.extend(content));
    return encode(position);
}

Result<Bytes> KeysWorker::register_log(ByteView payload) {
    HOLDFAST_CHECK(PayloadReader(payload).finish());
    return encode(register_status());
}

Result<Bytes> KeysWorker::read_anchor(ByteView payload) {
    HOLDFAST_CHECK(PayloadReader(payload).finish());
    HOLDFAST_TRY(reading, parts_.anchor.read());
    return encode(reading);
}

// One step, or none: whoever asks says where it ends, so that asking twice counts once.
Result<Bytes> KeysWorker::advance_anchor(ByteView payload) {
    HOLDFAST_TRY(to, decode_anchor_value(payload));
    HOLDFAST_TRY(reading, parts_.anchor.advance(to));
    return encode(reading);
}

Result<Bytes> KeysWorker::flush_sessions(ByteView payload) {
    HOLDFAST_CHECK(PayloadReader(payload).finish());
    HOLDFAST_CHECK(parts_.store.flush_sessions());
    return Bytes();
}

Result<Bytes> KeysWorker::end_key(const Message& request) {
    if (request.operation == Operation::blow_host_fuse) {
        HOLDFAST_CHECK(PayloadReader(request.payload).finish());
        HOLDFAST_CHECK(end_host_keys());
        return Bytes();
    }
    HOLDFAST_TRY(key_id, decode_name(request.payload));
    // By its id: a key that cannot be looked at must end all the same.
    if (is_host_key_id(key_id)) return Error(Code::denied, key_id + ": not an agent's key");
    HOLDFAST_CHECK(request.operation == Operation::destroy ? parts_.store.destroy(key_id)
                                                           : end_agent_key(key_id));
    return Bytes();
}

// A crash must not leave an ended key among the living, nor a broken disk keep one from ending.
Done KeysWorker::end_agent_key(const std::string& key_id) {
    auto withdrawn = parts_.live_keys.withdraw(key_id);
    HOLDFAST_CHECK(parts_.store.blow_fuse(key_id));
    return withdrawn;
}

Done KeysWorker::end_host_keys() {
    auto withdrawn = withdraw_all();
    HOLDFAST_CHECK(parts_.store.blow_host_fuse());
    return withdrawn;
}

Done KeysWorker::withdraw_all() {
    HOLDFAST_TRY(live, parts_.live_keys.ids(parts_.backend));
    for (const std::string& id : live)
        HOLDFAST_CHECK(parts_.live_keys.withdraw(id));
    return done();
}

bool KeysWorker::is_intact(const KeyDescription& key) {
    const auto state = parts_.store.fuse_state(key.id);
    if (!state) log_warning(key.id + ": " + state.error().text());
    return state && *state == hsm::FuseState::intact;
}

// What a crash left out or behind. A key that is published was intact and is withdrawn before it
// ends, so the chip is asked about the others only.
Done KeysWorker::settle_live_keys() {
    HOLDFAST_TRY(keys, parts_.store.list());
    HOLDFAST_TRY(published, parts_.live_keys.ids(parts_.backend));
    for (const std::string& id : published)
        if (std::ranges::find(keys, id, &KeyDescription::id) == keys.end())
            HOLDFAST_CHECK(parts_.live_keys.withdraw(id));
    for (const KeyDescription& key : keys) {
        if (key.purpose != Purpose::action) continue;
        const bool is_published = std::ranges::find(published, key.id) != published.end();
        if (is_published || is_intact(key)) HOLDFAST_CHECK(parts_.live_keys.publish(key));
    }
    return done();
}

Done KeysWorker::is_live_agent_key(std::string_view agent, ByteView spki) {
    HOLDFAST_TRY(keys, parts_.store.list());
    for (const auto& key : keys) {
        if (key.purpose != Purpose::action || key.agent != agent) continue;
        if (!std::equal(spki.begin(), spki.end(), key.spki.begin(), key.spki.end())) continue;
        HOLDFAST_TRY(fuse, parts_.store.fuse_state(key.id));
        if (fuse == hsm::FuseState::intact) return done();
        return Error(Code::denied, key.id + ": its fuse is blown")
            .because(std::string(hsm::fuse_blown));
    }
    return parts_.live_keys.is_live(agent, spki);
}

Result<bool> KeysWorker::is_live_key(ByteView spki) {
    HOLDFAST_TRY(keys, parts_.store.list());
    for (const auto& key : keys) {
        if (key.purpose != Purpose::action || !std::ranges::equal(spki, key.spki)) continue;
        HOLDFAST_TRY(fuse, parts_.store.fuse_state(key.id));
        return fuse == hsm::FuseState::intact;
    }
    return parts_.live_keys.has(spki);
}

}  // namespace holdfast::daemon
