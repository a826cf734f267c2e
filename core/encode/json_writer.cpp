// RFC 8785 (JSON Canonicalization Scheme) for the integers-only values of json.h.
#include <algorithm>

#include "core/encode/json.h"
#include "core/encode/utf8.h"

namespace holdfast::encode {
namespace {

constexpr std::string_view replacement_character = "\xef\xbf\xbd";  // U+FFFD

// RFC 8785 §3.2.3 orders names by UTF-16 code units. That is the order of the UTF-8 bytes, except
// that U+10000 and above (lead bytes F0…F4, surrogates D800…DFFF in UTF-16) come before
// U+E000…U+FFFF (lead bytes EE and EF).
std::uint8_t rank(char byte) noexcept {
    const auto value = static_cast<std::uint8_t>(byte);
    return value == 0xee || value == 0xef ? static_cast<std::uint8_t>(value + 0x10) : value;
}

bool before_in_utf16(const Json::Object::value_type* a, const Json::Object::value_type* b) {
    return std::lexicographical_compare(a->first.begin(), a->first.end(), b->first.begin(),
                                        b->first.end(),
                                        [](char x, char y) { return rank(x) < rank(y); });
}

// The escape of RFC 8785 §3.2.2.2; empty when the character stands for itself.
std::string escape_of(char c) {
    switch (c) {
        case '"': return "\\\"";
        case '\\': return "\\\\";
        case '\b': return "\\b";
        case '\f': return "\\f";
        case '\n': return "\\n";
        case '\r': return "\\r";
        case '\t': return "\\t";
        default: break;
    }
    const auto value = static_cast<std::uint8_t>(c);
    if (value >= 0x20) return {};
    constexpr std::string_view digits = "0123456789abcdef";
    return {'\\', 'u', '0', '0', digits[value >> 4], digits[value & 0x0f]};
}

// How much of the beginning stands for itself and is ASCII: nearly all there is, as a rule.
std::size_t plain_length(std::string_view text) {
    const auto special = [](char c) {
        const auto value = static_cast<std::uint8_t>(c);
        return value < 0x20 || value >= 0x7f || c == '"' || c == '\\';
    };
    return static_cast<std::size_t>(std::find_if(text.begin(), text.end(), special) - text.begin());
}

// Bytes that are no UTF-8 (a file name the kernel showed, for one) become U+FFFD: what we write can
// always be read again.
void write_string(std::string_view text, std::string& out) {
    out.push_back('"');
    while (true) {
        const std::size_t plain = plain_length(text);
        out.append(text.substr(0, plain));
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = utf8_length(text);
        if (length == 0) {
            out.append(replacement_character);
        } else if (const std::string escape = escape_of(text[0]); !escape.empty()) {
            out.append(escape);
        } else {
            out.append(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out.push_back('"');
}

void write(const Json& value, std::string& out);

// NOLINTBEGIN(misc-no-recursion): as deep as the value, and readers stop at max_json_depth.
void write_object(const Json::Object& object, std::string& out) {
    std::vector<const Json::Object::value_type*> members;
    members.reserve(object.size());
    for (const auto& member : object)
        members.push_back(&member);
    std::sort(members.begin(), members.end(), before_in_utf16);
    out.push_back('{');
    for (const auto* member : members) {
        if (member != members.front()) out.push_back(',');
        write_string(member->first, out);
        out.push_back(':');
        write(member->second, out);
    }
    out.push_back('}');
}

void write_array(const Json::Array& array, std::string& out) {
    out.push_back('[');
    for (std::size_t i = 0; i < array.size(); ++i) {
        if (i > 0) out.push_back(',');
        write(array[i], out);
    }
    out.push_back(']');
}

void write(const Json& value, std::string& out) {
    if (value.is_null()) out.append("null");
    if (const auto* boolean = value.boolean()) out.append(*boolean ? "true" : "false");
    if (const auto* integer = value.integer()) out.append(std::to_string(*integer));
    if (const auto* string = value.string()) write_string(*string, out);
    if (const auto* array = value.array()) write_array(*array, out);
    if (const auto* object = value.object()) write_object(*object, out);
}
// NOLINTEND(misc-no-recursion)

}  // namespace

std::string canonical(const Json& value) {
    std::string out;
    write(value, out);
    return out;
}

}  // namespace holdfast::encode
