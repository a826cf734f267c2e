#include <algorithm>
#include <set>

#include "attest/eventlog/cel.h"
#include "attest/evidence/key_member.h"
#include "attest/evidence/members.h"
#include "attest/evidence/numbers.h"
#include "attest/evidence/pack.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/json.h"
#include "core/encode/pem.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_record = 256UL * 1024;
constexpr std::size_t max_chain = 8;  // certificates
constexpr std::uint8_t last_pcr = 23;

Error refused(std::string_view label, std::string_view why) {
    return {Code::invalid, "evidence." + std::string(label) + ": " + std::string(why)};
}

// Reads the records of a collection and remembers which labels were known.
class Collection {
  public:
    static Result<Collection> of(const Json& json) {
        const Json* type = json.find(collection_type_label);
        if (type == nullptr || type->string() == nullptr || *type->string() != collection_type)
            return Error(Code::invalid, "evidence: not a Holdfast evidence collection");
        return Collection(*json.object());
    }

    // Empty bytes when there is no such member.
    Result<Bytes> optional(const Member& member, std::size_t at_most = max_record) {
        known_.insert(member.label);
        const auto found = members_->find(member.label);
        if (found == members_->end()) return Bytes{};
        const Json::Array* record = found->second.array();
        if (record == nullptr || record->size() != 2 || (*record)[0].string() == nullptr ||
            (*record)[1].string() == nullptr)
            return refused(member.label, "not a record of media type and value");
        if (*(*record)[0].string() != member.media_type)
            return refused(member.label, "of another media type");
        auto value = encode::from_base64url(*(*record)[1].string());
        if (!value) return refused(member.label, value.error().text());
        if (value->empty()) return refused(member.label, "empty");
        if (value->size() > at_most) return refused(member.label, "too long");
        return value;
    }

    Result<Bytes> required(const Member& member) {
        HOLDFAST_TRY(value, optional(member));
        if (value.empty()) return refused(member.label, "missing");
        return value;
    }

    Result<Json> json(const Member& member) {
        HOLDFAST_TRY(value, required(member));
        return encode::parse_json(text_of(value), max_record);
    }

    bool has(const Member& member) const { return members_->contains(std::string(member.label)); }

    Done finish() const {
        for (const auto& [label, record] : *members_) {
            if (label != collection_type_label && !known_.contains(label))
                return Error(Code::invalid, "evidence: a member nobody asked for");
        }
        return done();
    }

  private:
    explicit Collection(const Json::Object& members) : members_(&members) {}

    const Json::Object* members_;
    std::set<std::string_view> known_;
};

Result<std::vector<Bytes>> read_chain(Collection& collection, const Member& member) {
    HOLDFAST_TRY(pem, collection.optional(member));
    if (pem.empty()) return std::vector<Bytes>{};
    HOLDFAST_TRY(chain, encode::from_pem(text_of(pem), "CERTIFICATE"));
    if (chain.size() > max_chain) return refused(member.label, "too many certificates");
    return chain;
}

Result<Attested> split(const Member& member, ByteView value) {
    if (value.size() < 2) return refused(member.label, "too short");
    const std::size_t size = static_cast<std::size_t>(value[0]) << 8U | value[1];
    const ByteView rest = value.subspan(2);
    if (size == 0 || size >= rest.size()) return refused(member.label, "sizes do not add up");
    return Attested{.attest = bytes_of(rest.first(size)),
                    .signature = bytes_of(rest.subspan(size))};
}

Result<Attested> read_attested(Collection& collection, const Member& member) {
    HOLDFAST_TRY(value, collection.required(member));
    return split(member, value);
}

Result<Attested> read_attested_or_none(Collection& collection, const Member& member) {
    HOLDFAST_TRY(value, collection.optional(member));
    if (value.empty()) return Attested{};
    return split(member, value);
}

// "0" … "23", in one spelling.
Result<std::uint8_t> pcr_index(std::string_view text) {
    for (unsigned index = 0; index <= last_pcr; ++index) {
        if (text == std::to_string(index)) return static_cast<std::uint8_t>(index);
    }
    return Error(Code::invalid, "evidence.pcrs: no PCR of that index");
}

Result<std::map<std::uint8_t, Sha256>> read_pcrs(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "evidence.pcrs"));
    HOLDFAST_TRY(bank, fields.object("sha256"));
    HOLDFAST_CHECK(fields.finish());
    std::map<std::uint8_t, Sha256> pcrs;
    for (const auto& [name, value] : *bank->object()) {
        HOLDFAST_TRY(index, pcr_index(name));
        if (value.string() == nullptr) return refused("pcrs", "values are hex strings");
        HOLDFAST_TRY(digest, encode::sha256_from_hex(*value.string()));
        pcrs[index] = digest;
    }
    return pcrs;
}

Done read_challenge(const Json& json, Evidence& evidence) {
    HOLDFAST_TRY(fields, Fields::of(json, "evidence.challenge"));
    HOLDFAST_TRY(nonce, fields.base64url("nonce", max_nonce));
    if (nonce.size() < min_nonce) return refused("challenge.nonce", "must have 16 to 64 bytes");
    HOLDFAST_TRY(verifier, fields.text("verifier", max_verifier_id));
    HOLDFAST_TRY(size, number_from_hex(fields, "ledger_size"));
    HOLDFAST_TRY(root, fields.sha256_hex("ledger_root"));
    HOLDFAST_TRY(events, number_from_hex(fields, "register_events"));
    HOLDFAST_CHECK(fields.finish());
    evidence.nonce = std::move(nonce);
    evidence.verifier = std::move(verifier);
    evidence.ledger_head = LedgerHead{.size = size, .root = root};
    evidence.register_events = events;
    return done();
}

// A broken register may have a log and no statement, or neither: rules say what that is worth.
Result<std::optional<RegisterEvidence>> read_register(Collection& collection) {
    HOLDFAST_TRY(value, collection.optional(register_member));
    HOLDFAST_TRY(certified, read_attested_or_none(collection, register_certified_member));
    HOLDFAST_TRY(log, collection.optional(register_log_member, max_cel_log));
    if (value.empty()) {
        if (!certified.attest.empty() || !log.empty())
            return refused(register_member.label, "missing");
        return std::optional<RegisterEvidence>();
    }
    HOLDFAST_TRY(json, encode::parse_json(text_of(value), max_record));
    HOLDFAST_TRY(fields, Fields::of(json, "evidence.register"));
    HOLDFAST_TRY(pcr, fields.integer("anchor_pcr", 0, last_pcr));
    HOLDFAST_TRY(nv_public, fields.base64url("nv_public", max_structure));
    HOLDFAST_CHECK(fields.finish());
    return std::optional(RegisterEvidence{.nv_public = std::move(nv_public),
                                          .certified = std::move(certified),
                                          .log = std::string(text_of(log)),
                                          .anchor_pcr = static_cast<std::uint8_t>(pcr)});
}

Result<TpmEvidence> read_host(Collection& collection) {
    TpmEvidence tpm;
    HOLDFAST_TRY(ek_certificates, read_chain(collection, ek_certificates_member));
    tpm.ek_certificates = std::move(ek_certificates);
    HOLDFAST_TRY(ek, collection.required(ek_member));
    tpm.ek_public = std::move(ek);
    HOLDFAST_TRY(ak, collection.required(ak_member));
    tpm.ak_public = std::move(ak);
    HOLDFAST_TRY(pcrs_json, collection.json(pcrs_member));
    HOLDFAST_TRY(pcrs, read_pcrs(pcrs_json));
    tpm.pcrs = std::move(pcrs);
    HOLDFAST_TRY(quote, read_attested(collection, quote_member));
    tpm.quote = std::move(quote);
    HOLDFAST_TRY(event_register, read_register(collection));
    tpm.event_register = std::move(event_register);
    return tpm;
}

Done read_certified(Collection& collection, KeyDescription key, TpmEvidence& tpm) {
    tpm.key = std::move(key);
    HOLDFAST_TRY(certified, read_attested(collection, key_certified_member));
    tpm.key_certified = std::move(certified);
    HOLDFAST_TRY(agent_fuse, read_attested_or_none(collection, agent_fuse_member));
    tpm.agent_fuse_certified = std::move(agent_fuse);
    HOLDFAST_TRY(host_fuse, read_attested_or_none(collection, host_fuse_member));
    tpm.host_fuse_certified = std::move(host_fuse);
    return done();
}

// Where the key lives decides who speaks for it; what neither needs is refused by finish().
Done read_key(Collection& collection, Evidence& evidence) {
    HOLDFAST_TRY(json, collection.json(key_member));
    HOLDFAST_TRY(key, key_from(json));
    if (key.backend == Backend::tpm) {
        if (!evidence.tpm) return refused(key_member.label, "of a TPM that says nothing");
        return read_certified(collection, std::move(key), *evidence.tpm);
    }
    HOLDFAST_TRY(jws, collection.required(possession_member));
    evidence.possession =
        PossessionEvidence{.key = std::move(key), .jws = std::string(text_of(jws))};
    return done();
}

Result<bool> read_boot(Collection& collection) {
    HOLDFAST_TRY(said, collection.optional(boot_member));
    if (!said.empty() && text_of(said) != boot_not_proven)
        return refused(boot_member.label, "not a word that is known");
    return !said.empty();
}

}  // namespace

Result<Evidence> unpack(std::string_view json) {
    HOLDFAST_TRY(parsed, encode::parse_json(json, max_evidence));
    HOLDFAST_TRY(collection, Collection::of(parsed));
    Evidence evidence;
    HOLDFAST_TRY(challenge, collection.json(challenge_member));
    HOLDFAST_CHECK(read_challenge(challenge, evidence));
    HOLDFAST_TRY(credential, read_chain(collection, credential_member));
    evidence.credential = std::move(credential);
    // Any part of a TPM's statements that comes without an AK is a member nobody asked for.
    if (collection.has(ak_member)) {
        HOLDFAST_TRY(tpm, read_host(collection));
        evidence.tpm = std::move(tpm);
    }
    HOLDFAST_CHECK(read_key(collection, evidence));
    HOLDFAST_TRY(not_proven, read_boot(collection));
    evidence.boot_not_proven = not_proven;
    HOLDFAST_CHECK(collection.finish());
    return evidence;
}

}  // namespace holdfast::attest
