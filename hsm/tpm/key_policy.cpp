#include "hsm/tpm/key_policy.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/agent_id.h"
#include "hsm/key_files.h"

namespace holdfast::hsm {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_auth = 64;
constexpr std::size_t max_name = 66;
constexpr std::size_t max_nv_public = 256;
constexpr std::size_t max_word = 16;
constexpr std::int64_t max_handle = 0xFFFFFFFF;
constexpr std::int64_t bank_bits = 64;

constexpr std::array<std::pair<Stage, std::string_view>, 3> stages = {
    {{Stage::making, "making"}, {Stage::ready, "ready"}, {Stage::spent, "spent"}}};
constexpr std::array purposes = {Purpose::action, Purpose::certificate, Purpose::checkpoint,
                                 Purpose::attest};

std::string stage_text(Stage stage) {
    const auto* found = std::find_if(stages.begin(), stages.end(),
                                     [&](const auto& entry) { return entry.first == stage; });
    return std::string(found->second);
}

Result<Stage> stage_from(Fields& fields) {
    HOLDFAST_TRY(text, fields.text("stage", max_word));
    for (const auto& [stage, name] : stages)
        if (name == text) return stage;
    return Error(Code::invalid, "stage: unknown");
}

Result<Purpose> purpose_from(Fields& fields) {
    HOLDFAST_TRY(text, fields.text("purpose", max_word));
    for (const Purpose purpose : purposes)
        if (to_string(purpose) == text) return purpose;
    return Error(Code::invalid, "purpose: unknown");
}

// 64 bits do not fit into a JSON integer (±(2⁵³−1)): sixteen hexadecimal digits.
std::string wide_text(std::uint64_t value) {
    Bytes bytes;
    for (unsigned shift = 64; shift > 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>((value >> (shift - 8)) & 0xFFU));
    return encode::hex(bytes);
}

Result<std::uint64_t> wide_from(Fields& fields, std::string_view name) {
    HOLDFAST_TRY(text, fields.text(name, max_word));
    HOLDFAST_TRY(bytes, encode::from_hex(text));
    if (bytes.size() != sizeof(std::uint64_t)) return Error(Code::invalid, "value: not 64 bits");
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = (value << 8U) | byte;
    return value;
}

Json json_of(const Fuse& fuse) {
    return Json::Object{{"kind", to_string(fuse.kind)},
                        {"nv_index", static_cast<std::int64_t>(fuse.nv_index)},
                        {"value", wide_text(fuse.value)},
                        {"nv_public", encode::base64url(fuse.nv_public)}};
}

Result<Fuse> fuse_from(Fields& record, std::string_view name) {
    HOLDFAST_TRY(json, record.object(name));
    HOLDFAST_TRY(fields, Fields::of(*json, std::string(name)));
    Fuse fuse;
    HOLDFAST_TRY(kind_text, fields.text("kind", max_word));
    HOLDFAST_TRY(kind, parse_fuse_kind(kind_text));
    HOLDFAST_TRY(index, fields.integer("nv_index", 0, max_handle));
    HOLDFAST_TRY(value, wide_from(fields, "value"));
    HOLDFAST_TRY(nv_public, fields.base64url("nv_public", max_nv_public));
    HOLDFAST_CHECK(fields.finish());
    fuse.kind = kind;
    fuse.nv_index = static_cast<std::uint32_t>(index);
    fuse.value = value;
    fuse.nv_public = std::move(nv_public);
    return fuse;
}

Result<KeyRecord> read_key_record(const std::string& id, Fields& fields) {
    KeyRecord record;
    record.id = id;
    HOLDFAST_TRY(agent, fields.text("agent", max_agent_name));
    HOLDFAST_TRY(purpose, purpose_from(fields));
    HOLDFAST_TRY(stage, stage_from(fields));
    HOLDFAST_TRY(agent_fuse, fuse_from(fields, "agent_fuse"));
    HOLDFAST_TRY(auth, fields.base64url("agent_fuse_auth", max_auth));
    HOLDFAST_TRY(host_fuse, fuse_from(fields, "host_fuse"));
    HOLDFAST_TRY(parent_name, fields.base64url("parent_name", max_name));
    HOLDFAST_CHECK(fields.finish());
    record.agent = std::move(agent);
    record.purpose = purpose;
    record.stage = stage;
    record.agent_fuse = std::move(agent_fuse);
    record.agent_fuse_auth = SecretBytes(std::move(auth));
    record.host_fuse = std::move(host_fuse);
    record.parent_name = std::move(parent_name);
    return record;
}

Result<IndexRecord> read_index_record(Fields& fields) {
    IndexRecord record;
    HOLDFAST_TRY(stage, stage_from(fields));
    HOLDFAST_TRY(index, fields.integer("nv_index", 0, max_handle));
    HOLDFAST_TRY(auth, fields.base64url("auth", max_auth));
    HOLDFAST_TRY(policy, fields.base64url("policy", max_name));
    HOLDFAST_TRY(nv_public, fields.base64url("nv_public", max_nv_public));
    HOLDFAST_TRY(taken, fields.integer("taken", 0, bank_bits));
    HOLDFAST_CHECK(fields.finish());
    record.stage = stage;
    record.index = static_cast<std::uint32_t>(index);
    record.auth = SecretBytes(std::move(auth));
    record.policy = std::move(policy);
    record.nv_public = std::move(nv_public);
    record.taken = taken;
    return record;
}

}  // namespace

KeyRecord copy_of(const KeyRecord& record) {
    KeyRecord copy;
    copy.id = record.id;
    copy.agent = record.agent;
    copy.purpose = record.purpose;
    copy.stage = record.stage;
    copy.agent_fuse = record.agent_fuse;
    copy.agent_fuse_auth = SecretBytes(bytes_of(record.agent_fuse_auth.view()));
    copy.host_fuse = record.host_fuse;
    copy.parent_name = record.parent_name;
    return copy;
}

std::string to_text(const KeyRecord& record) {
    return encode::canonical(
        Json::Object{{"agent", record.agent},
                     {"purpose", to_string(record.purpose)},
                     {"stage", stage_text(record.stage)},
                     {"agent_fuse", json_of(record.agent_fuse)},
                     {"agent_fuse_auth", encode::base64url(record.agent_fuse_auth.view())},
                     {"host_fuse", json_of(record.host_fuse)},
                     {"parent_name", encode::base64url(record.parent_name)}});
}

Result<KeyRecord> key_record_from(const std::string& id, std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_key_file));
    HOLDFAST_TRY(fields, Fields::of(json, id));
    return read_key_record(id, fields);
}

std::string to_text(const IndexRecord& record) {
    return encode::canonical(Json::Object{{"stage", stage_text(record.stage)},
                                          {"nv_index", static_cast<std::int64_t>(record.index)},
                                          {"auth", encode::base64url(record.auth.view())},
                                          {"policy", encode::base64url(record.policy)},
                                          {"nv_public", encode::base64url(record.nv_public)},
                                          {"taken", record.taken}});
}

Result<IndexRecord> index_record_from(const std::string& name, std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_key_file));
    HOLDFAST_TRY(fields, Fields::of(json, name));
    return read_index_record(fields);
}

}  // namespace holdfast::hsm
