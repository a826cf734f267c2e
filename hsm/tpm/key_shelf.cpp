#include "hsm/tpm/key_shelf.h"

#include <algorithm>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/tpm2/structures.h"
#include "hsm/key_ids.h"
#include "hsm/tpm/key_blob.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

constexpr std::string_view record_ending = ".json";
constexpr std::string_view blob_ending = ".pem";
constexpr const char* numbers_file = "numbers.json";

bool is_own_id(std::string_view id) {
    return is_key_id(id, Backend::tpm);
}

Error no_such_key(std::string_view id) {
    return {Code::not_found, "no key '" + std::string(id) + "'"};
}

}  // namespace

Result<KeyDescription> describe(const KeyRecord& record, const KeyAreas& areas) {
    HOLDFAST_TRY(area_bytes, tpmt_public_of(areas.public_area));
    HOLDFAST_TRY(area, tpm2::read_public(area_bytes));
    if (!area.algorithm)
        return Error(Code::internal, "key '" + record.id + "' is fixed to no algorithm of ours");
    KeyDescription key;
    key.id = record.id;
    key.agent = record.agent;
    key.purpose = record.purpose;
    key.algorithm = *area.algorithm;
    key.spki = std::move(area.spki);
    key.tpm_public = std::move(area_bytes);
    key.name = std::move(area.name);
    key.agent_fuse = record.agent_fuse;
    key.host_fuse = record.host_fuse;
    return key;
}

Done KeyShelf::clean_up() {
    HOLDFAST_TRY(stems, files_->stems(record_ending));
    for (const std::string& id : stems)
        if (is_own_id(id)) HOLDFAST_CHECK(undo_if_unfinished(id));
    return done();
}

Done KeyShelf::undo_if_unfinished(const std::string& id) {
    HOLDFAST_TRY(text, files_->read(id + std::string(record_ending)));
    auto record = key_record_from(id, text);
    if (!record) return std::move(record).error().within("keys/" + id + ".json");
    if (record->stage != Stage::making) return done();
    const Fuse& fuse = record->agent_fuse;
    if (fuse.kind == FuseKind::counter)
        HOLDFAST_CHECK(fuses_->remove_counter(fuse.nv_index, record->agent_fuse_auth.view()));
    return erase(id);
}

Result<std::string> KeyShelf::next_agent_id(const std::string& agent) {
    return next_key_id(*files_, numbers_file, Backend::tpm, agent);
}

Done KeyShelf::intend(const KeyRecord& record) {
    return files_->write(record.id + std::string(record_ending), to_text(record));
}

Done KeyShelf::put(const KeyRecord& record, const KeyAreas& areas) {
    loaded_->drop(record.id);
    cache_.erase(record.id);
    HOLDFAST_CHECK(
        files_->write(record.id + std::string(blob_ending), to_key_blob(srk_handle, areas)));
    return intend(record);  // last: from now on the key exists
}

Done KeyShelf::erase(const std::string& id) {
    loaded_->drop(id);
    cache_.erase(id);
    // The record goes last: without a blob it says what is still to be removed.
    HOLDFAST_CHECK(files_->erase(id + std::string(blob_ending)));
    return files_->erase(id + std::string(record_ending));
}

Result<StoredKey> KeyShelf::read(const std::string& id) const {
    auto text = files_->read(id + std::string(record_ending));
    if (!text && text.error().code() == Code::not_found) return no_such_key(id);
    if (!text) return std::move(text).error();
    HOLDFAST_TRY(record, key_record_from(id, *text));
    if (record.stage == Stage::making) return no_such_key(id);
    if (record.parent_name != roots_->srk_name())
        return Error(Code::denied, "key '" + id + "' belongs to another TPM: it was made under " +
                                       "storage root key " + encode::hex(record.parent_name) +
                                       ", this TPM has " + encode::hex(roots_->srk_name()))
            .because(std::string(other_tpm));
    HOLDFAST_TRY(pem, files_->read(id + std::string(blob_ending)));
    HOLDFAST_TRY(areas, from_key_blob(pem, srk_handle));
    HOLDFAST_TRY(description, hsm::describe(record, areas));
    return StoredKey{.record = std::move(record),
                     .areas = std::move(areas),
                     .description = std::move(description)};
}

Result<const StoredKey*> KeyShelf::find(std::string_view id) {
    if (!is_own_id(id)) return no_such_key(id);
    if (const auto known = cache_.find(id); known != cache_.end()) return &known->second;
    HOLDFAST_TRY(key, read(std::string(id)));
    const auto [place, added] = cache_.emplace(std::string(id), std::move(key));
    return &place->second;
}

Result<std::vector<std::string>> KeyShelf::ids() const {
    HOLDFAST_TRY(stems, files_->stems(record_ending));
    std::erase_if(stems, [](const std::string& stem) { return !is_own_id(stem); });
    return stems;
}

Result<ESYS_TR> KeyShelf::use(const StoredKey& key) {
    return loaded_->use(key.record.id, [&] { return load_key(*tpm_, roots_->srk(), key.areas); });
}

Result<ESYS_TR> KeyShelf::use_alone(const StoredKey& key) {
    const auto load = [&] { return load_key(*tpm_, roots_->srk(), key.areas); };
    return loaded_->use(key.record.id, load, 1);
}

Result<std::vector<PolicyTerm>> KeyShelf::terms(const StoredKey& key) const {
    std::vector<PolicyTerm> terms;
    const bool has_own = key.record.agent_fuse.kind == FuseKind::counter ||
                         key.record.agent_fuse.kind == FuseKind::bank;
    if (has_own) {
        HOLDFAST_TRY(own, fuses_->term(key.record.agent_fuse, key.record.agent_fuse_auth.view()));
        terms.push_back(own);
    }
    if (key.record.host_fuse.kind == FuseKind::host) {
        HOLDFAST_TRY(host, fuses_->term(key.record.host_fuse, {}));
        terms.push_back(host);
    }
    return terms;
}

bool KeyShelf::make_good(const Error& error) {
    if (!is(error, gone) && !is(error, full)) return false;
    loaded_->clear();
    // What others left in a TPM that is ours alone can only be rubbish of a crash.
    return !is(error, full) || !tpm_->is_owned() || tpm_->flush_all().has_value();
}

}  // namespace holdfast::hsm
