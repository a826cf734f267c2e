#include "hsm/pkcs11/pkcs11_key_store.h"

#include <algorithm>
#include <utility>

#include "core/crypto/digest.h"
#include "core/crypto/jws_signature.h"
#include "holdfast/agent_id.h"
#include "hsm/key_ids.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/key_objects.h"
#include "hsm/pkcs11/signer.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// What a new key signs once, to prove that its halves belong together: of no family, never told.
constexpr std::string_view first_message = "holdfast: the first signature of a new key";

}  // namespace

Done Pkcs11KeyStore::check_wanted(const NewKey& wanted) const {
    if (wanted.purpose == Purpose::attest)
        return Error(Code::invalid, "the attestation key is a TPM's own: no token has one");
    const auto& known = about_.algorithms;
    if (std::find(known.begin(), known.end(), wanted.algorithm) == known.end())
        return Error(Code::invalid,
                     "the token makes no " + std::string(to_string(wanted.algorithm)) + " keys")
            .because(std::string(algorithm_unavailable));
    if (wanted.purpose == Purpose::action) return check_agent_name(wanted.agent);
    if (!wanted.agent.empty()) return Error(Code::invalid, "only action keys belong to an agent");
    if (wanted.algorithm != KeyAlgorithm::es256)
        return Error(Code::invalid, "the host's own keys are ES256")
            .because(std::string(algorithm_unavailable));
    return done();
}

Result<KeyRecord> Pkcs11KeyStore::plan(const NewKey& wanted) {
    KeyRecord record;
    record.agent = wanted.agent;
    record.purpose = wanted.purpose;
    record.algorithm = wanted.algorithm;
    record.serial = about_.serial;
    HOLDFAST_TRY(cka_id, crypto::random_bytes(cka_id_size));
    record.cka_id = std::move(cka_id);
    if (wanted.purpose == Purpose::action) {
        HOLDFAST_TRY(id, keys_->next_agent_id(wanted.agent));
        record.id = std::move(id);
        return record;
    }
    record.id = wanted.purpose == Purpose::certificate ? ca_id : ledger_id;
    auto there = keys_->find(record.id);
    if (there) return Error(Code::conflict, "the host has a key '" + record.id + "' already");
    if (there.error().code() != Code::not_found) return std::move(there).error();
    return record;
}

Done Pkcs11KeyStore::make(KeyRecord& record) {
    HOLDFAST_TRY(
        pair, generate_pair(*session_, record.algorithm, record.cka_id, "holdfast " + record.id));
    HOLDFAST_TRY(spki, spki_of(*session_, pair.public_key, record.algorithm));
    HOLDFAST_TRY(custody, keys_->custody_of(pair.private_key));
    record.spki = std::move(spki);
    record.custody = custody;
    record.stage = Stage::ready;
    HOLDFAST_CHECK(keys_->put(record));
    HOLDFAST_TRY(key, keys_->find(record.id));
    HOLDFAST_TRY(signature, sign_with(*key, view_of(first_message)));
    return done();
}

Result<KeyDescription> Pkcs11KeyStore::create(const NewKey& wanted) {
    HOLDFAST_CHECK(check_wanted(wanted));
    HOLDFAST_TRY(record, plan(wanted));
    // The intention first: a crash from here on is undone at the next open.
    HOLDFAST_CHECK(keys_->put(record));
    auto made = make(record);
    if (made) return describe(record.id);
    record.stage = Stage::making;
    const bool is_undone = !is(made.error(), token_lost) && keys_->put(record) &&
                           destroy_all(*session_, record.cka_id);
    if (is_undone) (void)keys_->erase(record.id);
    return std::move(made).error().within("create");
}

Result<KeyDescription> Pkcs11KeyStore::describe(std::string_view key_id) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    return key->description;
}

Result<std::vector<KeyDescription>> Pkcs11KeyStore::list() {
    HOLDFAST_TRY(ids, keys_->ids());
    std::vector<KeyDescription> keys;
    for (const std::string& id : ids) {
        HOLDFAST_TRY(key, keys_->find(id));
        keys.push_back(key->description);
    }
    return keys;
}

Result<Bytes> Pkcs11KeyStore::sign_with(const TokenKey& key, ByteView message) {
    if (!key.in_token) return key.in_token.error();
    const SigningKey signing{.algorithm = key.record.algorithm,
                             .private_key = key.in_token->pair.private_key,
                             .evp = key.in_token->evp.get()};
    HOLDFAST_TRY(signature, sign_message(*session_, signing, message));
    const auto good = crypto::verify_jws(key.record.algorithm, key.record.spki, message, signature);
    if (!good)
        return Error(Code::unavailable,
                     "the token's signature does not verify, it was not released", Retry::later);
    return signature;
}

Result<Bytes> Pkcs11KeyStore::sign(std::string_view key_id, ByteView preimage) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    auto signature = sign_with(*key, preimage);
    if (!signature)
        return std::move(signature).error().within("sign with '" + std::string(key_id) + "'");
    return signature;
}

// The record first: if the token does not answer, the key is refused here from now on, and its
// object is destroyed at the next open.
Done Pkcs11KeyStore::end(const KeyRecord& record) {
    KeyRecord ended = record;
    ended.stage = Stage::spent;
    HOLDFAST_CHECK(keys_->put(ended));
    return destroy_all(*session_, ended.cka_id);
}

Done Pkcs11KeyStore::blow_fuse(std::string_view key_id) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    if (key->record.purpose != Purpose::action)
        return Error(Code::conflict, "key '" + std::string(key_id) + "' has no fuse of its own");
    return end(key->record);
}

Done Pkcs11KeyStore::blow_host_fuse() {
    HOLDFAST_TRY(ids, keys_->ids());
    Done outcome = done();
    // All of them, also when one of them fails.
    for (const std::string& id : ids) {
        auto key = keys_->find(id);
        if (key && (*key)->record.purpose == Purpose::checkpoint) continue;
        Done ended = key ? end((*key)->record) : Done(std::move(key).error());
        if (!ended) outcome = std::move(ended);
    }
    return outcome;
}

Result<FuseState> Pkcs11KeyStore::fuse_state(std::string_view key_id) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    if (key->in_token) return FuseState::intact;
    const bool has_ended =
        key->record.stage == Stage::spent || is(key->in_token.error(), key_missing);
    return has_ended ? FuseState::blown : FuseState::intact;
}

Done Pkcs11KeyStore::destroy(std::string_view key_id) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    if (key->record.purpose == Purpose::checkpoint || key->record.stage != Stage::spent)
        return Error(Code::conflict, "key '" + std::string(key_id) + "': blow its fuse first");
    HOLDFAST_CHECK(destroy_all(*session_, key->record.cka_id));
    return keys_->erase(key->record.id);
}

}  // namespace holdfast::hsm::pkcs11
