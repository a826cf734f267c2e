#include "hsm/pkcs11/token_keys.h"

#include <algorithm>
#include <utility>

#include "hsm/key_ids.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/key_objects.h"
#include "hsm/pkcs11/signer.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// A TPM's keys stand beside them as <id>.json, and the host's own have the same ids there.
constexpr std::string_view record_ending = ".token.json";
constexpr const char* numbers_file = "token-numbers.json";
constexpr std::string_view agent_prefix = "hsm-";

std::string file_of(const std::string& id) {
    return id + std::string(record_ending);
}

Error no_such_key(std::string_view id) {
    return {Code::not_found, "no key '" + std::string(id) + "'"};
}

Error spent(const std::string& id) {
    return Error(Code::denied, "key '" + id + "' was ended for good")
        .because(std::string(fuse_blown));
}

}  // namespace

Done TokenKeys::clean_up() {
    HOLDFAST_TRY(stems, files_->stems(record_ending));
    for (const std::string& id : stems)
        if (is_key_id(id, agent_prefix)) HOLDFAST_CHECK(clean_up(id));
    return done();
}

Done TokenKeys::clean_up(const std::string& id) {
    HOLDFAST_TRY(record, read(id));
    if (record.serial != serial_ || record.stage == Stage::ready) return done();
    auto destroyed = destroy_all(*session_, record.cka_id);
    // A token that does not let go of an ended key must not keep the others from signing: ending it
    // again says so.
    if (!destroyed) return is(destroyed.error(), token_lost) ? std::move(destroyed) : done();
    return record.stage == Stage::making ? erase(id) : done();
}

Result<std::string> TokenKeys::next_agent_id(const std::string& agent) {
    return next_key_id(*files_, numbers_file, agent_prefix, agent);
}

// Callers may pass what is kept here: it is read before the cache lets go of it.
Done TokenKeys::put(const KeyRecord& record) {
    const std::string file = file_of(record.id);
    const std::string text = to_text(record);
    cache_.erase(record.id);
    return files_->write(file, text);
}

Done TokenKeys::erase(const std::string& id) {
    const std::string file = file_of(id);
    cache_.erase(id);
    return files_->erase(file);
}

Result<KeyRecord> TokenKeys::read(const std::string& id) const {
    auto text = files_->read(file_of(id));
    if (!text && text.error().code() == Code::not_found) return no_such_key(id);
    if (!text) return std::move(text).error();
    auto record = key_record_from(id, *text);
    if (!record) return std::move(record).error().within("keys/" + file_of(id));
    return record;
}

Result<KeyInToken> TokenKeys::look_up(const KeyRecord& record) {
    if (record.stage == Stage::spent) return spent(record.id);
    HOLDFAST_TRY(pair, find_pair(*session_, record.cka_id));
    HOLDFAST_TRY(spki, spki_of(*session_, pair.public_key, record.algorithm));
    if (spki != record.spki)
        return Error(Code::denied, "the token has another key under this key's id")
            .because("token_key_replaced");
    KeyInToken found{.pair = pair, .evp = EvpKey()};
    if (!signs_through_evp(record.algorithm)) return found;
    HOLDFAST_TRY(evp, libp11_->find(record.cka_id));
    found.evp = std::move(evp);
    return found;
}

Result<Custody> TokenKeys::custody_of(CK_OBJECT_HANDLE private_key) const {
    HOLDFAST_TRY(is_inside, was_always_inside(*session_, private_key));
    return is_inside || best_ != Custody::hsm ? best_ : Custody::unproven;
}

Result<TokenKey> TokenKeys::load(const std::string& id) {
    HOLDFAST_TRY(record, read(id));
    if (record.stage == Stage::making) return no_such_key(id);
    if (record.serial != serial_)
        return Error(Code::denied, "key '" + id + "' is in the token with serial " + record.serial +
                                       ", this one has " + serial_)
            .because(std::string(other_token));
    auto in_token = look_up(record);
    // Those pass, and must not be remembered of the key.
    if (!in_token && in_token.error().retry() == Retry::later) return std::move(in_token).error();
    KeyDescription description = describe(record);
    if (in_token) {
        HOLDFAST_TRY(custody, custody_of(in_token->pair.private_key));
        description.custody = custody;
    } else if (record.stage == Stage::ready) {
        description.custody = Custody::unproven;
    }
    return TokenKey{.record = std::move(record),
                    .description = std::move(description),
                    .in_token = std::move(in_token)};
}

Result<const TokenKey*> TokenKeys::find(std::string_view id) {
    if (!is_key_id(id, agent_prefix)) return no_such_key(id);
    if (const auto known = cache_.find(id); known != cache_.end()) return &known->second;
    HOLDFAST_TRY(key, load(std::string(id)));
    const auto [place, added] = cache_.emplace(std::string(id), std::move(key));
    return &place->second;
}

Result<std::vector<std::string>> TokenKeys::ids() {
    HOLDFAST_TRY(stems, files_->stems(record_ending));
    std::vector<std::string> own;
    for (std::string& id : stems) {
        auto key = find(id);
        if (key) own.push_back(std::move(id));
        const bool is_none =
            !key && (is(key.error(), other_token) || key.error().code() == Code::not_found);
        if (!key && !is_none) return std::move(key).error();
    }
    return own;
}

}  // namespace holdfast::hsm::pkcs11
