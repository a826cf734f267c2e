#include "hsm/pkcs11/token_keys.h"

#include <algorithm>
#include <utility>

#include "hsm/key_ids.h"
#include "hsm/pkcs11/error.h"
#include "hsm/pkcs11/key_objects.h"
#include "hsm/pkcs11/token.h"

namespace holdfast::hsm::pkcs11 {
namespace {

// A TPM's keys stand beside them as <id>.json, and the host's own have the same ids there.
constexpr std::string_view record_ending = ".token.json";
constexpr const char* numbers_file = "token-numbers.json";

std::string file_of(const std::string& id) {
    return id + std::string(record_ending);
}

Error no_such_key(std::string_view id) {
    return {Code::not_found, "no key '" + std::string(id) + "'"};
}

Error in_other_token(const KeyRecord& record, const std::string& serial) {
    return Error(Code::denied, "key '" + record.id + "' is in the token with serial " +
                                   record.serial + ", this one has " + serial)
        .because(std::string(other_token));
}

Error spent(const std::string& id) {
    return Error(Code::denied, "key '" + id + "' was ended for good")
        .because(std::string(fuse_blown));
}

}  // namespace

// Everything is tried: one key that cannot be cleaned up keeps no other from signing.
Done TokenKeys::clean_up() {
    HOLDFAST_TRY(all, ids());
    for (const std::string& id : all)
        HOLDFAST_CHECK(clean_up(id));
    return done();
}

Done TokenKeys::clean_up(const std::string& id) {
    HOLDFAST_TRY(found, record(id));
    if (!is_own(found) || found.stage == Stage::ready) return done();
    auto destroyed = destroy_all(*session_, found.cka_id);
    // A token that does not let go of an ended key: ending it again says so, and so does making a
    // host key anew.
    if (!destroyed) return is(destroyed.error(), token_lost) ? std::move(destroyed) : done();
    return found.stage == Stage::making ? erase(id) : done();
}

Result<std::string> TokenKeys::next_agent_id(const std::string& agent) {
    return next_key_id(*files_, numbers_file, Backend::pkcs11, agent);
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

// The token first: a disk that is full or hangs must not stand in its way. An object that is gone
// says by itself that the key has ended; only one that is left needs the record.
Done TokenKeys::end(KeyRecord record) {
    ended_.insert(record.id);
    cache_.erase(record.id);
    Done gone = is_own(record) ? destroy_all(*session_, record.cka_id)
                               : Done(in_other_token(record, serial_));
    record.stage = Stage::spent;
    const Done noted = put(record);
    if (!gone && !noted)
        return Error(gone.error().code(),
                     gone.error().text() + "; nor could it be noted: " + noted.error().text(),
                     Retry::later)
            .because(gone.error().reason());
    return gone;
}

Result<KeyRecord> TokenKeys::record(std::string_view id) const {
    if (!is_key_id(id, Backend::pkcs11)) return no_such_key(id);
    const std::string file = file_of(std::string(id));
    auto text = files_->read(file);
    if (!text && text.error().code() == Code::not_found) return no_such_key(id);
    if (!text) return std::move(text).error();
    auto read = key_record_from(std::string(id), *text);
    if (!read) return std::move(read).error().within("keys/" + file);
    if (ended_.contains(id) && read->stage == Stage::ready) read->stage = Stage::spent;
    return read;
}

Result<KeyPair> TokenKeys::look_up(const KeyRecord& record) const {
    if (record.stage == Stage::spent) return spent(record.id);
    HOLDFAST_TRY(pair, find_pair(*session_, record.cka_id));
    HOLDFAST_TRY(spki, spki_of(*session_, pair.public_key, record.algorithm));
    if (spki != record.spki)
        return Error(Code::denied, "the token has another key under this key's id")
            .because("token_key_replaced");
    return pair;
}

Result<Custody> TokenKeys::custody_of(CK_OBJECT_HANDLE private_key) const {
    HOLDFAST_TRY(is_inside, was_always_inside(*session_, private_key));
    return is_inside || best_ != Custody::hsm ? best_ : Custody::unproven;
}

Result<TokenKey> TokenKeys::load(const std::string& id) const {
    HOLDFAST_TRY(found, record(id));
    if (found.stage == Stage::making) return no_such_key(id);
    if (!is_own(found)) return in_other_token(found, serial_);
    auto in_token = look_up(found);
    // Those pass, and must not be remembered of the key.
    if (!in_token && in_token.error().retry() == Retry::later) return std::move(in_token).error();
    KeyDescription description = describe(found);
    if (in_token) {
        HOLDFAST_TRY(custody, custody_of(in_token->private_key));
        description.custody = custody;
    } else if (found.stage == Stage::ready) {
        description.custody = Custody::unproven;
    }
    return TokenKey{.record = std::move(found),
                    .description = std::move(description),
                    .in_token = std::move(in_token)};
}

Result<const TokenKey*> TokenKeys::find(std::string_view id) {
    if (const auto known = cache_.find(id); known != cache_.end()) return &known->second;
    HOLDFAST_TRY(key, load(std::string(id)));
    const auto [place, added] = cache_.emplace(std::string(id), std::move(key));
    return &place->second;
}

Result<std::vector<std::string>> TokenKeys::ids() const {
    HOLDFAST_TRY(stems, files_->stems(record_ending));
    std::erase_if(stems, [](const std::string& id) { return !is_key_id(id, Backend::pkcs11); });
    return stems;
}

}  // namespace holdfast::hsm::pkcs11
