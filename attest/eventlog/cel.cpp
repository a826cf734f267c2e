#include "attest/eventlog/cel.h"

#include <limits>

#include "core/crypto/digest.h"
#include "core/encode/base64.h"
#include "core/encode/fields.h"
#include "core/encode/json.h"

namespace holdfast::attest {
namespace {

using encode::Fields;
using encode::Json;

constexpr std::size_t max_label = 32;
constexpr std::uint32_t last_pcr = 23;

const char* name_of(CelPlace place) noexcept {
    return place == CelPlace::pcr ? "pcr" : "nv_index";
}

Json json_of(const CelRecord& record, Json content) {
    const Json digest = Json::Object{{"digest", encode::hex(record.digest)}, {"hashAlg", "sha256"}};
    return Json::Object{{"content", std::move(content)},
                        {"content_type", cel_content_type},
                        {"digests", Json::Array{digest}},
                        {name_of(record.place), static_cast<std::int64_t>(record.index)},
                        {"recnum", static_cast<std::int64_t>(record.recnum)}};
}

Done read_place(Fields& fields, CelRecord& record) {
    const bool in_pcr = fields.any("pcr") != nullptr;
    record.place = in_pcr ? CelPlace::pcr : CelPlace::nv_index;
    const std::int64_t last = in_pcr ? last_pcr : std::numeric_limits<std::uint32_t>::max();
    HOLDFAST_TRY(index, fields.integer(name_of(record.place), 0, last));
    record.index = static_cast<std::uint32_t>(index);
    return done();
}

Done read_digest(Fields& fields, CelRecord& record) {
    HOLDFAST_TRY(digests, fields.array("digests"));
    if (digests->array()->size() != 1) return Error(Code::invalid, "digests: must be one, SHA-256");
    HOLDFAST_TRY(digest, Fields::of(digests->array()->front(), "digests"));
    HOLDFAST_TRY(algorithm, digest.text("hashAlg", max_label));
    if (algorithm != "sha256") return Error(Code::invalid, "digests: must be one, SHA-256");
    HOLDFAST_TRY(value, digest.sha256_hex("digest"));
    HOLDFAST_CHECK(digest.finish());
    record.digest = value;
    return done();
}

Result<CelRecord> read_record(const Json& json) {
    HOLDFAST_TRY(fields, Fields::of(json, "record"));
    CelRecord record;
    HOLDFAST_TRY(recnum, fields.integer("recnum", 0, encode::max_json_integer));
    record.recnum = static_cast<std::uint64_t>(recnum);
    HOLDFAST_CHECK(read_place(fields, record));
    HOLDFAST_CHECK(read_digest(fields, record));
    HOLDFAST_TRY(type, fields.text("content_type", max_label));
    if (type != cel_content_type) return Error(Code::invalid, "content_type: not ours");
    HOLDFAST_TRY(content, fields.object("content"));
    HOLDFAST_CHECK(fields.finish());
    record.content = encode::canonical(*content);
    return record;
}

Error in_record(Error error, std::uint64_t number) {
    return std::move(error).within("record " + std::to_string(number));
}

}  // namespace

Result<CelRecord> make_cel_record(std::uint64_t recnum, CelPlace place, std::uint32_t index,
                                  std::string content) {
    CelRecord record{.recnum = recnum,
                     .place = place,
                     .index = index,
                     .digest = crypto::sha256(view_of(content)),
                     .content = std::move(content)};
    // What the reader would refuse, as too deep for one, is never written.
    HOLDFAST_TRY(json, encode::parse_json(record.content, max_cel_content));
    if (json.object() == nullptr || encode::canonical(json) != record.content)
        return Error(Code::invalid, "content: not a JSON object in canonical form");
    std::string line = to_cel_line(record);
    line.pop_back();
    return parse_cel_line(line);
}

std::string to_cel_line(const CelRecord& record) {
    auto content = encode::parse_json(record.content, max_cel_content);
    Json value = content ? *std::move(content) : Json();
    return encode::canonical(json_of(record, std::move(value))) + "\n";
}

Result<CelRecord> parse_cel_line(std::string_view line) {
    HOLDFAST_TRY(json, encode::parse_json(line, max_cel_line));
    HOLDFAST_TRY(record, read_record(json));
    if (record.content.size() > max_cel_content) return Error(Code::invalid, "content: too long");
    if (encode::canonical(json) != line)
        return Error(Code::invalid, "not in canonical form (RFC 8785)");
    if (crypto::sha256(view_of(record.content)) != record.digest)
        return Error(Code::invalid, "digests: not the digest of the content");
    return record;
}

Result<std::vector<CelRecord>> parse_cel(std::string_view text) {
    if (text.size() > max_cel_log) return Error(Code::invalid, "the log is too long");
    std::vector<CelRecord> records;
    while (!text.empty()) {
        const std::uint64_t number = records.size();
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos)
            return in_record(Error(Code::invalid, "no newline at its end"), number);
        if (number == max_cel_records) return Error(Code::invalid, "the log has too many records");
        auto record = parse_cel_line(text.substr(0, end));
        if (!record) return in_record(std::move(record).error(), number);
        if (record->recnum != number)
            return in_record(Error(Code::invalid, "recnum: not the next number"), number);
        records.push_back(*std::move(record));
        text.remove_prefix(end + 1);
    }
    return records;
}

Sha256 extended(const Sha256& old, const Sha256& data) {
    return crypto::sha256({old, data});
}

std::optional<std::size_t> find_prefix(const Sha256& start, std::span<const CelRecord> records,
                                       const Sha256& value) {
    Sha256 held = start;
    for (std::size_t count = 0;; ++count) {
        if (held == value) return count;
        if (count == records.size()) return std::nullopt;
        held = extended(held, records[count].digest);
    }
}

}  // namespace holdfast::attest
