#include "daemon/link/routed_keys.h"

#include <iterator>
#include <utility>

namespace holdfast::daemon {
namespace {

constexpr const char* no_tpm_here = "this host has no TPM: [tpm] tcti = none in holdfastd.conf";

Error missing(Backend backend) {
    if (backend == Backend::tpm) return Error(Code::conflict, no_tpm_here).because("no_tpm");
    return Error(Code::conflict,
                 "no PKCS#11 module is configured: [pkcs11] module in holdfastd.conf")
        .because("no_pkcs11");
}

}  // namespace

RoutedKeys::Keepers RoutedKeys::keepers_of(const Settings& settings, Keys& tpm, Keys& pkcs11) {
    return {settings.has_tpm() ? &tpm : nullptr, settings.has_pkcs11() ? &pkcs11 : nullptr,
            settings.host_keys == to_string(Backend::pkcs11) ? Backend::pkcs11 : Backend::tpm};
}

Result<Keys*> RoutedKeys::keeper(Backend backend) const {
    Keys* const found = backend == Backend::tpm ? keepers_.tpm : keepers_.pkcs11;
    if (found == nullptr) return missing(backend);
    return found;
}

Result<Keys*> RoutedKeys::keeper_of(std::string_view key_id) const {
    if (key_id == ca_key_id || key_id == ledger_key_id) return keeper(keepers_.host_keys);
    const bool is_in_token = key_id.starts_with(agent_key_prefix(Backend::pkcs11));
    return keeper(is_in_token ? Backend::pkcs11 : Backend::tpm);
}

std::vector<Keys*> RoutedKeys::all() const {
    std::vector<Keys*> all;
    for (Keys* const one : {keepers_.tpm, keepers_.pkcs11})
        if (one != nullptr) all.push_back(one);
    return all;
}

Done RoutedKeys::available(std::string_view key_id) const {
    HOLDFAST_TRY(keys, keeper_of(key_id));
    return keys->available(key_id);
}

Async<HostIdentity> RoutedKeys::host() {
    HOLDFAST_CO_TRY(owner, keeper(keepers_.host_keys));
    HOLDFAST_CO_TRY(identity, co_await owner->host());
    if (keepers_.tpm == nullptr || keepers_.tpm == owner) co_return identity;
    HOLDFAST_CO_TRY(merged, co_await keepers_.tpm->host());
    merged.ca = std::move(identity.ca);
    merged.ledger = std::move(identity.ledger);
    merged.ca_certificate = std::move(identity.ca_certificate);
    co_return merged;
}

Async<HostIdentity> RoutedKeys::host_of(Backend backend) {
    HOLDFAST_CO_TRY(keys, keeper(backend));
    co_return co_await keys->host();
}

Async<KeyDescription> RoutedKeys::create(CreateRequest wanted) {
    HOLDFAST_CO_TRY(keys, keeper(wanted.backend));
    co_return co_await keys->create(std::move(wanted));
}

Async<std::vector<KeyDescription>> RoutedKeys::list() {
    std::vector<KeyDescription> listed;
    const std::vector<Keys*> keepers = all();
    for (Keys* const keys : keepers) {
        HOLDFAST_CO_TRY(some, co_await keys->list());
        listed.insert(listed.end(), std::make_move_iterator(some.begin()),
                      std::make_move_iterator(some.end()));
    }
    co_return listed;
}

Async<Bytes> RoutedKeys::sign_for(std::string charged, std::string key_id, Bytes preimage) {
    HOLDFAST_CO_TRY(keys, keeper_of(key_id));
    co_return co_await keys->sign_for(std::move(charged), std::move(key_id), std::move(preimage));
}

Async<std::monostate> RoutedKeys::blow_fuse(std::string key_id) {
    HOLDFAST_CO_TRY(keys, keeper_of(key_id));
    co_return co_await keys->blow_fuse(std::move(key_id));
}

Async<std::monostate> RoutedKeys::blow_host_fuse() {
    Done worst = done();
    const std::vector<Keys*> keepers = all();
    for (Keys* const keys : keepers) {
        Done blown = co_await keys->blow_host_fuse();
        if (!blown && worst) worst = std::move(blown);
    }
    co_return worst;
}

Async<std::monostate> RoutedKeys::destroy(std::string key_id) {
    HOLDFAST_CO_TRY(keys, keeper_of(key_id));
    co_return co_await keys->destroy(std::move(key_id));
}

Async<TpmEvidence> RoutedKeys::attest_for(std::string charged, std::string key_id,
                                          Sha256 challenge) {
    HOLDFAST_CO_TRY(keys, keeper(Backend::tpm));
    co_return co_await keys->attest_for(std::move(charged), std::move(key_id), challenge);
}

Async<Bytes> RoutedKeys::activate(Bytes blob, Bytes secret) {
    HOLDFAST_CO_TRY(keys, keeper(Backend::tpm));
    co_return co_await keys->activate(std::move(blob), std::move(secret));
}

Async<RegisterPosition> RoutedKeys::extend_register(std::string canonical_json_content) {
    if (keepers_.tpm == nullptr)
        co_return Error(Code::unavailable, no_tpm_here).because("register_absent");
    co_return co_await keepers_.tpm->extend_register(std::move(canonical_json_content));
}

Async<RegisterStatus> RoutedKeys::register_log() {
    if (keepers_.tpm != nullptr) co_return co_await keepers_.tpm->register_log();
    RegisterStatus absent;
    absent.reason = no_tpm_here;
    co_return absent;
}

Async<AnchorReading> RoutedKeys::read_anchor() {
    HOLDFAST_CO_TRY(keys, keeper(Backend::tpm));
    co_return co_await keys->read_anchor();
}

Async<AnchorReading> RoutedKeys::advance_anchor(std::uint64_t to) {
    HOLDFAST_CO_TRY(keys, keeper(Backend::tpm));
    co_return co_await keys->advance_anchor(to);
}

Async<std::monostate> RoutedKeys::flush_sessions() {
    if (keepers_.tpm == nullptr) co_return done();
    co_return co_await keepers_.tpm->flush_sessions();
}

}  // namespace holdfast::daemon
