#include "attest/evidence/pack.h"

#include <cassert>

#include "attest/evidence/members.h"
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

// All 64 bits do not fit a JSON number that everyone reads alike, so they go as hex.
std::string hex_of(std::uint64_t value) {
    Bytes bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
    return encode::hex(bytes);
}

Json fuse_json(const Fuse& fuse) {
    return Json::Object{
        {"kind", to_string(fuse.kind)},
        {"index", std::int64_t{fuse.nv_index}},
        {"value", hex_of(fuse.value)},
        {"nv_public", encode::base64url(fuse.nv_public)},
    };
}

Json::Object key_json(const KeyDescription& key) {
    return {
        {"id", key.id},
        {"agent", key.agent},
        {"purpose", to_string(key.purpose)},
        {"spki", encode::base64url(key.spki)},
        {"public", encode::base64url(key.tpm_public)},
        {"name", encode::base64url(key.name)},
        {"agent_fuse", fuse_json(key.agent_fuse)},
        {"host_fuse", fuse_json(key.host_fuse)},
    };
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

}  // namespace

std::string pack(const Evidence& evidence) {
    Json::Object out;
    out[std::string(collection_type_label)] = Json(collection_type);
    add_json(out, challenge_member, challenge_json(evidence));
    add_chain(out, credential_member, evidence.credential);
    const TpmEvidence& tpm = evidence.tpm;
    add_chain(out, ek_certificates_member, tpm.ek_certificates);
    add(out, ek_member, tpm.ek_public);
    add(out, ak_member, tpm.ak_public);
    add_json(out, pcrs_member, pcrs_json(tpm.pcrs));
    add_attested(out, quote_member, tpm.quote);
    add_json(out, key_member, key_json(tpm.key));
    add_attested(out, key_certified_member, tpm.key_certified);
    add_attested(out, agent_fuse_member, tpm.agent_fuse_certified);
    add_attested(out, host_fuse_member, tpm.host_fuse_certified);
    if (tpm.event_register) add_register(out, *tpm.event_register);
    return encode::canonical(Json(std::move(out)));
}

}  // namespace holdfast::attest
