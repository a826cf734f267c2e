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
    record.id = wanted.purpose == Purpose::certificate ? ca_key_id : ledger_key_id;
    HOLDFAST_CHECK(end_left_over(record.id));
    return record;
}

// The host's keys are made again under the same id: what a crash left of one is known by its record
// alone, and must be gone before another takes its place.
Done Pkcs11KeyStore::end_left_over(std::string_view id) {
    const auto there = keys_->record(id);
    if (!there && there.error().code() == Code::not_found) return done();
    if (!there) return there.error();
    if (there->stage != Stage::making || !keys_->is_own(*there))
        return Error(Code::conflict, "the host has a key '" + std::string(id) + "' already");
    return destroy_all(*session_, there->cka_id);
}

// It has signed before its record says that it is ready: what a crash leaves until then is undone.
Done Pkcs11KeyStore::make(KeyRecord& record) {
    HOLDFAST_TRY(
        pair, generate_pair(*session_, record.algorithm, record.cka_id, "holdfast " + record.id));
    HOLDFAST_TRY(spki, spki_of(*session_, pair.public_key, record.algorithm));
    HOLDFAST_TRY(custody, keys_->custody_of(pair.private_key));
    record.spki = std::move(spki);
    record.custody = custody;
    const SigningKey signing{record.algorithm, pair.private_key, nullptr};
    HOLDFAST_CHECK(sign_with(record, signing, view_of(first_message)));
    record.stage = Stage::ready;
    return keys_->put(record);
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

// A key that cannot be looked at just now is still one of ours: with nothing proven of it.
Result<KeyDescription> Pkcs11KeyStore::describe_listed(const KeyRecord& record) {
    auto key = keys_->find(record.id);
    if (key) return (*key)->description;
    if (is(key.error(), token_lost)) return std::move(key).error();
    KeyDescription description = pkcs11::describe(record);
    description.custody = Custody::unproven;
    return description;
}

Result<std::vector<KeyDescription>> Pkcs11KeyStore::list() {
    HOLDFAST_TRY(ids, keys_->ids());
    std::vector<KeyDescription> keys;
    for (const std::string& id : ids) {
        HOLDFAST_TRY(record, keys_->record(id));
        if (record.stage == Stage::making || !keys_->is_own(record)) continue;
        HOLDFAST_TRY(key, describe_listed(record));
        keys.push_back(std::move(key));
    }
    return keys;
}

Result<Bytes> Pkcs11KeyStore::sign_with(const KeyRecord& record, const SigningKey& key,
                                        ByteView message) {
    HOLDFAST_TRY(signature, sign_message(*session_, key, message));
    const auto good = crypto::verify_jws(record.algorithm, record.spki, message, signature);
    if (!good)
        return Error(Code::unavailable,
                     "the token's signature does not verify, it was not released", Retry::later);
    return signature;
}

Result<Bytes> Pkcs11KeyStore::sign(std::string_view key_id, ByteView preimage) {
    HOLDFAST_TRY(key, keys_->find(key_id));
    if (!key->in_token) return key->in_token.error();
    SigningKey signing{key->record.algorithm, key->in_token->private_key, nullptr};
    if (signs_through_evp(key->record.algorithm)) {
        HOLDFAST_TRY(evp, libp11_->find(key->record.cka_id));
        signing.evp = evp;
    }
    auto signature = sign_with(key->record, signing, preimage);
    if (!signature)
        return std::move(signature).error().within("sign with '" + std::string(key_id) + "'");
    return signature;
}

Done Pkcs11KeyStore::blow_fuse(std::string_view key_id) {
    HOLDFAST_TRY(record, keys_->record(key_id));
    if (record.stage == Stage::making)
        return Error(Code::not_found, "no key '" + std::string(key_id) + "'");
    if (record.purpose != Purpose::action)
        return Error(Code::conflict, "key '" + std::string(key_id) + "' has no fuse of its own");
    libp11_->forget(record.cka_id);
    return keys_->end(std::move(record));
}

// All of them, also when one of them fails; those of another token are refused here, and destroyed
// when that one is back.
Done Pkcs11KeyStore::blow_host_fuse() {
    HOLDFAST_TRY(ids, keys_->ids());
    Done worst = done();
    for (const std::string& id : ids) {
        auto record = keys_->record(id);
        if (record && record->purpose == Purpose::checkpoint) continue;
        if (record) libp11_->forget(record->cka_id);
        Done ended = record ? keys_->end(*std::move(record)) : Done(std::move(record).error());
        if (!ended) worst = std::move(ended);
    }
    return worst;
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
