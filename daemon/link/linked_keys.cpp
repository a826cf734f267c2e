#include "daemon/link/linked_keys.h"

#include <utility>

namespace holdfast::daemon {

Async<Bytes> LinkedKeys::ask(Operation operation, Bytes payload, std::string flow) {
    Errand errand{operation, std::move(payload), {}, std::move(flow)};
    HOLDFAST_CO_TRY(reply, co_await link_.call(std::move(errand)));
    co_return std::move(reply.body);
}

Async<std::monostate> LinkedKeys::order(Operation operation, Bytes payload) {
    HOLDFAST_CO_TRY(body, co_await ask(operation, std::move(payload)));
    co_return PayloadReader(body).finish();
}

Async<HostIdentity> LinkedKeys::host() {
    HOLDFAST_CO_TRY(body, co_await ask(Operation::host, Bytes()));
    co_return decode_host(body);
}

Async<KeyDescription> LinkedKeys::create(CreateRequest wanted) {
    Bytes payload = encode(wanted);
    HOLDFAST_CO_TRY(body, co_await ask(Operation::create, std::move(payload)));
    co_return decode_key(body);
}

Async<std::vector<KeyDescription>> LinkedKeys::list() {
    HOLDFAST_CO_TRY(body, co_await ask(Operation::list, Bytes()));
    co_return decode_keys(body);
}

Async<Bytes> LinkedKeys::sign_for(std::string charged, std::string key_id, Bytes preimage) {
    const SignRequest request{std::move(key_id), std::move(preimage)};
    Bytes payload = encode(request);
    co_return co_await ask(Operation::sign, std::move(payload), std::move(charged));
}

Async<std::monostate> LinkedKeys::blow_fuse(std::string key_id) {
    Bytes payload = encode_name(key_id);
    co_return co_await order(Operation::blow_fuse, std::move(payload));
}

Async<std::monostate> LinkedKeys::blow_host_fuse() {
    co_return co_await order(Operation::blow_host_fuse, Bytes());
}

Async<std::monostate> LinkedKeys::destroy(std::string key_id) {
    Bytes payload = encode_name(key_id);
    co_return co_await order(Operation::destroy, std::move(payload));
}

Async<TpmEvidence> LinkedKeys::attest_for(std::string charged, std::string key_id,
                                          Sha256 challenge) {
    const AttestRequest request{std::move(key_id), challenge};
    Bytes payload = encode(request);
    HOLDFAST_CO_TRY(body, co_await ask(Operation::attest, std::move(payload), std::move(charged)));
    co_return decode_evidence(body);
}

Async<Bytes> LinkedKeys::activate(Bytes blob, Bytes secret) {
    const ActivateRequest request{std::move(blob), std::move(secret)};
    Bytes payload = encode(request);
    co_return co_await ask(Operation::activate, std::move(payload));
}

Async<RegisterPosition> LinkedKeys::extend_register(std::string canonical_json_content) {
    Bytes payload = encode_name(canonical_json_content);
    HOLDFAST_CO_TRY(body, co_await ask(Operation::extend_register, std::move(payload)));
    co_return decode_position(body);
}

Async<RegisterStatus> LinkedKeys::register_log() {
    HOLDFAST_CO_TRY(body, co_await ask(Operation::register_log, Bytes()));
    co_return decode_register(body);
}

Async<AnchorReading> LinkedKeys::read_anchor() {
    HOLDFAST_CO_TRY(body, co_await ask(Operation::read_anchor, Bytes()));
    co_return decode_anchor(body);
}

Async<AnchorReading> LinkedKeys::advance_anchor(std::uint64_t to) {
    Bytes payload = encode_anchor_value(to);
    HOLDFAST_CO_TRY(body, co_await ask(Operation::advance_anchor, std::move(payload)));
    co_return decode_anchor(body);
}

Async<std::monostate> LinkedKeys::flush_sessions() {
    co_return co_await order(Operation::flush_sessions, Bytes());
}

}  // namespace holdfast::daemon
