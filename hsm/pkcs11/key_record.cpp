#include "hsm/pkcs11/key_record.h"

#include <utility>

#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "holdfast/agent_id.h"
#include "hsm/key_files.h"
#include "hsm/pkcs11/uri.h"

namespace holdfast::hsm::pkcs11 {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_word = 32;
constexpr std::size_t max_spki = 1024;

std::string_view text_of(Stage stage) noexcept {
    switch (stage) {
        case Stage::making: return "making";
        case Stage::ready: return "ready";
        case Stage::spent: return "spent";
    }
    return "";
}

Result<Stage> parse_stage(std::string_view text) {
    for (const Stage stage : {Stage::making, Stage::ready, Stage::spent})
        if (text_of(stage) == text) return stage;
    return Error(Code::invalid, "stage: '" + std::string(text) + "'");
}

Done check(const KeyRecord& record) {
    if (record.cka_id.size() != cka_id_size)
        return Error(Code::invalid, record.id + ": cka_id has the wrong length");
    if (record.stage == Stage::ready && record.spki.empty())
        return Error(Code::invalid, record.id + ": a key without its public half");
    return done();
}

}  // namespace

std::string to_text(const KeyRecord& record) {
    Json::Object object;
    object["agent"] = record.agent;
    object["purpose"] = to_string(record.purpose);
    object["algorithm"] = to_string(record.algorithm);
    object["stage"] = text_of(record.stage);
    object["serial"] = record.serial;
    object["cka_id"] = encode::base64url(record.cka_id);
    object["spki"] = encode::base64url(record.spki);
    object["custody"] = to_string(record.custody);
    return encode::canonical(std::move(object));
}

Result<KeyRecord> key_record_from(const std::string& id, std::string_view text) {
    HOLDFAST_TRY(json, encode::parse_json(text, max_key_file));
    HOLDFAST_TRY(fields, Fields::of(json, id));
    KeyRecord record;
    record.id = id;
    HOLDFAST_TRY(agent, fields.text("agent", max_agent_name));
    HOLDFAST_TRY(purpose_text, fields.text("purpose", max_word));
    HOLDFAST_TRY(algorithm_text, fields.text("algorithm", max_word));
    HOLDFAST_TRY(stage_text, fields.text("stage", max_word));
    HOLDFAST_TRY(serial, fields.text("serial", max_serial));
    HOLDFAST_TRY(cka_id, fields.base64url("cka_id", cka_id_size));
    HOLDFAST_TRY(spki, fields.base64url("spki", max_spki));
    HOLDFAST_TRY(custody_text, fields.text("custody", max_word));
    HOLDFAST_CHECK(fields.finish());
    HOLDFAST_TRY(purpose, parse_purpose(purpose_text));
    HOLDFAST_TRY(algorithm, parse_key_algorithm(algorithm_text));
    HOLDFAST_TRY(stage, parse_stage(stage_text));
    HOLDFAST_TRY(custody, parse_custody(custody_text));
    record.agent = std::move(agent);
    record.purpose = purpose;
    record.algorithm = algorithm;
    record.stage = stage;
    record.serial = std::move(serial);
    record.cka_id = std::move(cka_id);
    record.spki = std::move(spki);
    record.custody = custody;
    HOLDFAST_CHECK(check(record));
    return record;
}

KeyDescription describe(const KeyRecord& record) {
    KeyDescription key;
    key.id = record.id;
    key.agent = record.agent;
    key.purpose = record.purpose;
    key.backend = Backend::pkcs11;
    key.algorithm = record.algorithm;
    key.custody = record.custody;
    key.token = record.serial;
    key.spki = record.spki;
    // The ledger key must still sign when everything else is dead.
    if (record.purpose == Purpose::action) key.agent_fuse.kind = FuseKind::object;
    if (record.purpose != Purpose::checkpoint) key.host_fuse.kind = FuseKind::object;
    return key;
}

}  // namespace holdfast::hsm::pkcs11
