#include "ledger/record.h"

#include <array>
#include <utility>

namespace holdfast::ledger {

namespace {

using encode::Json;

constexpr std::array<std::string_view, 3> own_members = {"index", "time", "type"};

Error invalid(std::string_view what) {
    return {Code::invalid, "ledger record: " + std::string(what)};
}

Result<std::int64_t> take_integer(Json::Object& object, std::string_view name) {
    const auto found = object.find(name);
    if (found == object.end()) return invalid("no " + std::string(name));
    const std::int64_t* value = found->second.integer();
    if (value == nullptr || *value < 0)
        return invalid(std::string(name) + " is no unsigned integer");
    const std::int64_t taken = *value;
    object.erase(found);
    return taken;
}

Result<std::string> take_type(Json::Object& object) {
    const auto found = object.find(std::string_view("type"));
    if (found == object.end()) return invalid("no type");
    const std::string* value = found->second.string();
    if (value == nullptr || value->empty()) return invalid("type is no text");
    std::string taken = *value;
    object.erase(found);
    return taken;
}

}  // namespace

Result<Bytes> encode_record(const Record& record) {
    if (record.index > static_cast<std::uint64_t>(encode::max_json_integer))
        return invalid("index is out of range");
    Json::Object object = record.members;
    for (const auto name : own_members) {
        if (object.contains(name)) return invalid("member " + std::string(name) + " is reserved");
    }
    object.emplace("index", static_cast<std::int64_t>(record.index));
    object.emplace("time", record.time);
    object.emplace("type", record.type);
    const std::string text = encode::canonical(Json(std::move(object)));
    // What could not be read back (depth, range, size) must never be written: the ledger
    // would not open again.
    HOLDFAST_TRY(read_back, decode_record(view_of(text)));
    if (read_back.index != record.index) return invalid("does not read back");
    return bytes_of(view_of(text));
}

Result<Record> decode_record(ByteView leaf) {
    if (leaf.size() > max_record) return invalid("longer than " + std::to_string(max_record));
    HOLDFAST_TRY(json, encode::parse_json(text_of(leaf), max_record));
    const Json::Object* object = json.object();
    if (object == nullptr) return invalid("not an object");
    if (encode::canonical(json) != text_of(leaf)) return invalid("not canonical JSON");

    Record record;
    record.members = *object;
    HOLDFAST_TRY(index, take_integer(record.members, "index"));
    HOLDFAST_TRY(time, take_integer(record.members, "time"));
    HOLDFAST_TRY(type, take_type(record.members));
    record.index = static_cast<std::uint64_t>(index);
    record.time = time;
    record.type = std::move(type);
    return record;
}

}  // namespace holdfast::ledger
