#include "hsm/key_ids.h"

#include <utility>

#include "core/encode/json.h"

namespace holdfast::hsm {

bool is_key_id(std::string_view id, Backend backend) {
    return id == ca_key_id || id == ledger_key_id || !agent_in_key_id(id, backend).empty();
}

Result<std::string> next_key_id(KeyFiles& files, const std::string& numbers_file, Backend backend,
                                const std::string& agent) {
    encode::Json::Object numbers;
    auto text = files.read(numbers_file);
    if (!text && text.error().code() != Code::not_found) return std::move(text).error();
    if (text) {
        HOLDFAST_TRY(json, encode::parse_json(*text, max_key_file));
        if (json.object() == nullptr)
            return Error(Code::internal, "keys/" + numbers_file + ": damaged");
        numbers = *json.object();
    }
    const encode::Json& last = numbers[agent];
    const std::int64_t number = (last.integer() == nullptr ? 0 : *last.integer()) + 1;
    numbers[agent] = encode::Json(number);
    HOLDFAST_CHECK(files.write(numbers_file, encode::canonical(std::move(numbers))));
    return std::string(agent_key_prefix(backend)) + agent + "-" + std::to_string(number);
}

}  // namespace holdfast::hsm
