#include "attest/evidence/pack.h"

#include <cassert>

#include "attest/evidence/key_member.h"
#include "attest/evidence/members.h"
#include "attest/evidence/numbers.h"
#include "core/encode/base64.h"
#include "core/encode/json.h"
#include "core/encode/pem.h"

namespace holdfast::attest {
namespace {

using encode::Json;

// A CMW record: [media type, base64url of the value].
void add(Json::Object& collection, const Member& member, ByteView value) {
    collection[std::string(member.label)] =
        Json(Json::Array{Json(member.media_type), Json(encode::base64url(value))});
}

void add_json(Json::Object& collection, const Member& member, Json::Object value) {
    add(collection, member, view_of(encode::canonical(Json(std::move(value)))));
}

void add_chain(Json::Object& collection, const Member& member, const std::vector<Bytes>& chain) {
    if (chain.empty()) return;
    std::string pem;
    for (const Bytes& certificate : chain)
        pem += encode::to_pem("CERTIFICATE", certificate);
    add(collection, member, view_of(pem));
}

// Empty = the host has no such statement (a key without a fuse of its own).
void add_attested(Json::Object& collection, const Member& member, const Attested& attested) {
    if (attested.attest.empty() && attested.signature.empty()) return;
    assert(attested.attest.size() <= 0xFFFF);
    Bytes value = {static_cast<std::uint8_t>(attested.attest.size() >> 8U),
                   static_cast<std::uint8_t>(attested.attest.size() & 0xFFU)};
    value.insert(value.end(), attested.attest.begin(), attested.attest.end());
    value.insert(value.end(), attested.signature.begin(), attested.signature.end());
    add(collection, member, value);
}

Json::Object pcrs_json(const std::map<std::uint8_t, Sha256>& pcrs) {
    Json::Object bank;
    for (const auto& [index, value] : pcrs)
        bank[std::to_string(index)] = Json(encode::hex(value));
    return {{"sha256", Json(std::move(bank))}};
}

Json::Object challenge_json(const Evidence& evidence) {
    return {
        {"nonce", encode::base64url(evidence.nonce)},
        {"verifier", evidence.verifier},
        {"ledger_size", hex_of(evidence.ledger_head.size)},
        {"ledger_root", encode::hex(evidence.ledger_head.root)},
        {"register_events", hex_of(evidence.register_events)},
    };
}

void add_register(Json::Object& collection, const RegisterEvidence& shown) {
    add_json(collection, register_member,
             {{"anchor_pcr", std::int64_t{shown.anchor_pcr}},
              {"nv_public", encode::base64url(shown.nv_public)}});
    add_attested(collection, register_certified_member, shown.certified);
    if (!shown.log.empty()) add(collection, register_log_member, view_of(shown.log));
}

void add_tpm(Json::Object& collection, const TpmEvidence& tpm) {
    add_chain(collection, ek_certificates_member, tpm.ek_certificates);
    add(collection, ek_member, tpm.ek_public);
    add(collection, ak_member, tpm.ak_public);
    add_json(collection, pcrs_member, pcrs_json(tpm.pcrs));
    add_attested(collection, quote_member, tpm.quote);
    add_attested(collection, key_certified_member, tpm.key_certified);
    add_attested(collection, agent_fuse_member, tpm.agent_fuse_certified);
    add_attested(collection, host_fuse_member, tpm.host_fuse_certified);
    if (tpm.event_register) add_register(collection, *tpm.event_register);
}

}  // namespace

std::string pack(const Evidence& evidence) {
    Json::Object out;
    out[std::string(collection_type_label)] = Json(collection_type);
    add_json(out, challenge_member, challenge_json(evidence));
    add_chain(out, credential_member, evidence.credential);
    if (evidence.tpm) add_tpm(out, *evidence.tpm);
    if (evidence.possession) {
        add_json(out, key_member, key_json(evidence.possession->key));
        add(out, possession_member, view_of(evidence.possession->jws));
    } else if (evidence.tpm) {
        add_json(out, key_member, key_json(evidence.tpm->key));
    }
    if (evidence.boot_not_proven) add(out, boot_member, view_of(boot_not_proven));
    return encode::canonical(Json(std::move(out)));
}

}  // namespace holdfast::attest
