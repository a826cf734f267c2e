#include "hsm/tpm/tpm_key_store.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "core/crypto/digest.h"
#include "core/crypto/jws_signature.h"
#include "core/tpm2/policy.h"
#include "core/tpm2/structures.h"
#include "holdfast/agent_id.h"
#include "hsm/tpm/templates.h"

namespace holdfast::hsm {
namespace {

using namespace std::chrono_literals;

// A little less than the links' own deadlines, so that an answer still arrives.
constexpr auto sign_time = 2500ms;
constexpr auto nv_time = 12s;
constexpr auto create_time = 50s;

bool has_own_fuse(const KeyRecord& record) noexcept {
    return record.agent_fuse.kind == FuseKind::counter || record.agent_fuse.kind == FuseKind::bank;
}

Error unavailable(KeyAlgorithm algorithm, const std::string& why) {
    return Error(Code::invalid, std::string(to_string(algorithm)) + ": " + why)
        .because(std::string(algorithm_unavailable));
}

bool is_pss(KeyAlgorithm algorithm) noexcept {
    return algorithm == KeyAlgorithm::ps256_2048 || algorithm == KeyAlgorithm::ps256_3072;
}

Error blown(std::string_view key_id) {
    return Error(Code::denied, "key '" + std::string(key_id) + "' was ended for good")
        .because(std::string(fuse_blown));
}

}  // namespace

Done TpmKeyStore::check_wanted(const NewKey& wanted) const {
    if (wanted.purpose == Purpose::attest)
        return Error(Code::invalid, "the attestation key is the TPM's own: it is never made here");
    if (wanted.purpose != Purpose::action && !wanted.agent.empty())
        return Error(Code::invalid, "only action keys belong to an agent");
    if (wanted.purpose != Purpose::action && wanted.algorithm != KeyAlgorithm::es256)
        return Error(Code::invalid, "the host's own keys are ES256");
    if (wanted.purpose == Purpose::action) HOLDFAST_CHECK(check_agent_name(wanted.agent));
    if (std::ranges::find(algorithms_, wanted.algorithm) == algorithms_.end())
        return unavailable(wanted.algorithm, "this TPM has it not");
    return done();
}

Result<KeyRecord> TpmKeyStore::plan(const NewKey& wanted) {
    KeyRecord record;
    record.purpose = wanted.purpose;
    record.agent = wanted.agent;
    record.parent_name = roots_->srk_name();
    if (wanted.purpose != Purpose::action) {
        record.id = wanted.purpose == Purpose::certificate ? ca_key_id : ledger_key_id;
        auto there = shelf_->find(record.id);
        if (there) return Error(Code::conflict, "the host has a key '" + record.id + "' already");
        if (there.error().code() != Code::not_found) return std::move(there).error();
        return record;
    }
    HOLDFAST_TRY(id, shelf_->next_agent_id(wanted.agent));
    HOLDFAST_TRY(auth, crypto::random_bytes(fuse_auth_bytes));
    auto index = fuses_->free_index();
    if (!index && !is(index.error(), nv_full)) return std::move(index).error();
    record.id = std::move(id);
    record.agent_fuse.kind = index ? FuseKind::counter : FuseKind::bank;
    record.agent_fuse.nv_index = index ? *index : 0;
    record.agent_fuse_auth = SecretBytes(std::move(auth));
    return record;
}

// A counter of its own, else a bit of a bank, else the host fuse alone: as the chip has room.
Done TpmKeyStore::make_own_fuse(KeyRecord& record) {
    if (record.agent_fuse.kind == FuseKind::counter) {
        const TPM2_HANDLE index = record.agent_fuse.nv_index;
        auto counter = fuses_->make_counter(index, record.agent_fuse_auth.view());
        if (counter) {
            record.agent_fuse = *std::move(counter);
            return done();
        }
        if (!is(counter.error(), nv_full)) return std::move(counter).error();
    }
    record.agent_fuse_auth = SecretBytes();
    auto bit = fuses_->take_bit();
    if (!bit && !is(bit.error(), nv_full)) return std::move(bit).error();
    if (bit) {
        record.agent_fuse = *std::move(bit);
        return done();
    }
    record.agent_fuse = Fuse();
    record.agent_fuse.kind = FuseKind::host;
    return done();
}

Done TpmKeyStore::make_fuses(KeyRecord& record) {
    if (record.purpose == Purpose::action) HOLDFAST_CHECK(make_own_fuse(record));
    if (record.purpose == Purpose::checkpoint) return done();  // it signs after all others are dead
    HOLDFAST_TRY(host, fuses_->host_fuse());
    record.host_fuse = std::move(host);
    return done();
}

Done TpmKeyStore::make(KeyRecord& record, KeyAlgorithm algorithm) {
    const auto scheme = scheme_of(algorithm);
    if (!scheme) return unavailable(algorithm, "no TPM has it");
    HOLDFAST_CHECK(make_fuses(record));
    const std::array fuses = {record.agent_fuse, record.host_fuse};
    HOLDFAST_TRY(policy, tpm2::fuse_policy(fuses));
    const TPM2B_PUBLIC wanted = record.purpose == Purpose::checkpoint
                                    ? plain_key_template()
                                    : fused_key_template(*scheme, policy);
    HOLDFAST_TRY(areas, create_key(*tpm_, roots_->srk(), wanted));
    HOLDFAST_CHECK(prove(record, areas));
    // Not before it has shown what it can: what a crash leaves until then is undone.
    record.stage = Stage::ready;
    return shelf_->put(record, areas);
}

// A PSS salt is as long as the digest in some chips and as long as fits in others (TPM 2.0 Part 1,
// B.7), and no chip says which: the key shows it with its first signature, over what is of no
// family.
Done TpmKeyStore::prove(const KeyRecord& record, const KeyAreas& areas) {
    HOLDFAST_TRY(facts, hsm::describe(record, areas));
    if (!is_pss(facts.algorithm)) return done();
    constexpr std::string_view anything = "holdfast: how long is the salt?";
    const StoredKey key{copy_of(record), areas, facts};
    HOLDFAST_TRY(made, signature(key, view_of(anything)));
    if (crypto::verify_jws(facts.algorithm, facts.spki, view_of(anything), made)) return done();
    return unavailable(facts.algorithm,
                       "this TPM's PSS signatures have not the salt of 32 bytes that JWS asks for");
}

Result<KeyDescription> TpmKeyStore::create(const NewKey& wanted) {
    tpm_->allow(create_time);
    HOLDFAST_CHECK(check_wanted(wanted));
    HOLDFAST_TRY(record, plan(wanted));
    const auto own_index = record.agent_fuse.nv_index;
    // The intention first: a crash from here on is undone at the next start.
    HOLDFAST_CHECK(shelf_->intend(record));
    const Bytes own_auth = bytes_of(record.agent_fuse_auth.view());
    auto made = make(record, wanted.algorithm);
    if (made) return describe(record.id);
    const bool can_undo = !is(made.error(), connection_lost);
    if (can_undo && (own_index == 0 || fuses_->remove_counter(own_index, own_auth)))
        (void)shelf_->erase(record.id);
    return std::move(made).error().within("create");
}

Result<KeyDescription> TpmKeyStore::describe_ak() const {
    HOLDFAST_TRY(area, tpm2::read_public(roots_->ak_public()));
    KeyDescription key;
    key.id = ak_key_id;
    key.purpose = Purpose::attest;
    key.spki = std::move(area.spki);
    key.tpm_public = roots_->ak_public();
    key.name = std::move(area.name);
    return key;
}

Result<KeyDescription> TpmKeyStore::describe(std::string_view key_id) {
    if (key_id == ak_key_id) return describe_ak();
    HOLDFAST_TRY(key, shelf_->find(key_id));
    return key->description;
}

Result<std::vector<KeyDescription>> TpmKeyStore::list() {
    HOLDFAST_TRY(ids, shelf_->ids());
    std::vector<KeyDescription> keys;
    for (const std::string& id : ids) {
        auto key = shelf_->find(id);
        if (key) keys.push_back((*key)->description);
        // A key of another TPM is no key here; describe and sign say why.
        const bool is_foreign = !key && is(key.error(), other_tpm);
        if (!key && !is_foreign && key.error().code() != Code::not_found)
            return std::move(key).error();
    }
    return keys;
}

Result<Bytes> TpmKeyStore::sign_once(const StoredKey& key, const ToSign& what) {
    HOLDFAST_TRY(terms, shelf_->terms(key));
    HOLDFAST_TRY(handle, shelf_->use_alone(key));
    return sign_digest(*tpm_, *session_, handle, terms, what);
}

// In JWS form, not yet verified.
Result<Bytes> TpmKeyStore::signature(const StoredKey& key, ByteView preimage) {
    const auto scheme = scheme_of(key.description.algorithm);
    if (!scheme) return unavailable(key.description.algorithm, "no TPM has it");
    HOLDFAST_TRY(digest, digest_of(*scheme, preimage));
    const ToSign what{*scheme, digest};
    return shelf_->with_keys<Bytes>([&] { return sign_once(key, what); });
}

Result<Bytes> TpmKeyStore::sign(std::string_view key_id, ByteView preimage) {
    tpm_->allow(sign_time);
    if (key_id == ak_key_id)
        return Error(Code::denied, "the attestation key signs only what the TPM itself makes");
    HOLDFAST_TRY(key, shelf_->find(key_id));
    if (key->record.stage == Stage::spent) return blown(key_id);
    auto raw = signature(*key, preimage);
    if (!raw) return std::move(raw).error().within("sign with '" + std::string(key_id) + "'");
    const KeyDescription& facts = key->description;
    if (!crypto::verify_jws(facts.algorithm, facts.spki, preimage, *raw))
        return Error(Code::unavailable, "the TPM's signature does not verify, it was not released",
                     Retry::later);
    return raw;
}

// A session satisfied before the fuse still signs once. Ours end with each signature; in a TPM that
// is ours alone, no other may stay either.
Done TpmKeyStore::end_sessions() {
    session_->end();
    return tpm_->is_owned() ? tpm_->flush_sessions() : done();
}

Done TpmKeyStore::flush_sessions() {
    tpm_->allow(nv_time);
    return end_sessions();
}

// `fuse: host`: the chip has nothing of this key's own to blow, so we forget how to load it.
Done TpmKeyStore::spend(const StoredKey& key) {
    KeyRecord record = copy_of(key.record);
    record.stage = Stage::spent;
    const KeyAreas areas = key.areas;
    return shelf_->put(record, areas);
}

Done TpmKeyStore::blow_fuse(std::string_view key_id) {
    tpm_->allow(nv_time);
    HOLDFAST_TRY(key, shelf_->find(key_id));
    if (key->record.agent_fuse.kind == FuseKind::host) {
        HOLDFAST_CHECK(spend(*key));
        return Error(
                   Code::conflict,
                   "key '" + std::string(key_id) +
                       "' has no fuse of its own in this TPM: it is refused from now on, but only "
                       "the host fuse ends it in hardware")
            .because("fuse_host_only");
    }
    if (!has_own_fuse(key->record))
        return Error(Code::conflict, "key '" + std::string(key_id) + "' has no fuse of its own");
    HOLDFAST_CHECK(fuses_->blow(key->record.agent_fuse, key->record.agent_fuse_auth.view()));
    return end_sessions();
}

Done TpmKeyStore::blow_host_fuse() {
    tpm_->allow(nv_time);
    HOLDFAST_CHECK(fuses_->blow_host());
    return end_sessions();
}

Result<FuseState> TpmKeyStore::state_of(const StoredKey& key) {
    const KeyRecord& record = key.record;
    if (record.stage == Stage::spent) return FuseState::blown;
    if (has_own_fuse(record)) {
        HOLDFAST_TRY(own, fuses_->state(record.agent_fuse, record.agent_fuse_auth.view()));
        if (own == FuseState::blown) return own;
    }
    if (record.host_fuse.kind != FuseKind::host) return FuseState::intact;
    return fuses_->state(record.host_fuse, {});
}

Result<FuseState> TpmKeyStore::fuse_state(std::string_view key_id) {
    tpm_->allow(nv_time);
    if (key_id == ak_key_id) return FuseState::intact;
    HOLDFAST_TRY(key, shelf_->find(key_id));
    return state_of(*key);
}

Done TpmKeyStore::destroy(std::string_view key_id) {
    tpm_->allow(nv_time);
    HOLDFAST_TRY(key, shelf_->find(key_id));
    HOLDFAST_TRY(state, state_of(*key));
    if (state == FuseState::intact)
        return Error(Code::conflict, "key '" + std::string(key_id) + "': blow its fuse first");
    // The counter is not needed any more: one defined later starts above it.
    if (key->record.agent_fuse.kind == FuseKind::counter)
        HOLDFAST_CHECK(fuses_->remove_counter(key->record.agent_fuse.nv_index,
                                              key->record.agent_fuse_auth.view()));
    return shelf_->erase(std::string(key_id));
}

}  // namespace holdfast::hsm
