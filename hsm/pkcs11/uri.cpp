#include "hsm/pkcs11/uri.h"

#include <algorithm>
#include <array>

namespace holdfast::hsm::pkcs11 {
namespace {

constexpr std::string_view scheme = "pkcs11:";
constexpr std::size_t wide = 32;    // CK_TOKEN_INFO: label and manufacturerID
constexpr std::size_t narrow = 16;  // model

struct Attribute {
    std::string_view name;
    std::optional<std::string> TokenUri::* place;
    std::size_t at_most;
};
constexpr std::array attributes = {
    Attribute{"token", &TokenUri::token, wide},
    Attribute{"manufacturer", &TokenUri::manufacturer, wide},
    Attribute{"model", &TokenUri::model, narrow},
    Attribute{"serial", &TokenUri::serial, max_serial},
};

Error wrong(std::string_view uri, std::string_view what) {
    return {Code::invalid, "'" + std::string(uri) + "': " + std::string(what)};
}

// pk11-pchar without pct-encoded, RFC 7512 §2.3.
bool stands_for_itself(char c) noexcept {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return is_word || std::string_view("-._~:[]@!$'()*+,=&").find(c) != std::string_view::npos;
}

std::optional<unsigned> hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10U;
    if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10U;
    return std::nullopt;
}

// Nothing for what is not well encoded, or a zero byte: no token's name has one.
std::optional<std::string> decode(std::string_view text) {
    std::string decoded;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (stands_for_itself(text[at])) {
            decoded.push_back(text[at]);
            continue;
        }
        if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
        const auto high = hex_digit(text[at + 1]);
        const auto low = hex_digit(text[at + 2]);
        if (!high || !low || (*high == 0 && *low == 0)) return std::nullopt;
        decoded.push_back(static_cast<char>(*high * 16U + *low));
        at += 2;
    }
    return decoded;
}

Done read_attribute(std::string_view uri, std::string_view text, TokenUri& into) {
    const std::size_t equals = text.find('=');
    const std::string_view name = text.substr(0, equals);
    const auto* const known =
        std::find_if(attributes.begin(), attributes.end(),
                     [name](const Attribute& attribute) { return attribute.name == name; });
    if (known == attributes.end() || equals == std::string_view::npos)
        return wrong(uri, "only token, manufacturer, model and serial say which token is meant");
    const auto value = decode(text.substr(equals + 1));
    if (!value || value->empty())
        return wrong(uri, std::string(name) + " is empty or not percent-encoded as RFC 7512 says");
    if (value->size() > known->at_most)
        return wrong(uri, "no token has a " + std::string(name) + " that long");
    std::optional<std::string>& place = into.*(known->place);
    if (place) return wrong(uri, std::string(name) + " is there twice");
    place = *value;
    return done();
}

std::string encoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string encoded;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (stands_for_itself(c))
            encoded.push_back(c);
        else
            encoded.append({'%', digits[byte >> 4U], digits[byte & 15U]});
    }
    return encoded;
}

bool is_as_given(const std::optional<std::string>& given, const std::string& own) noexcept {
    return !given || *given == own;
}

}  // namespace

Result<TokenUri> parse_token_uri(std::string_view uri) {
    if (uri.size() > max_token_uri) return Error(Code::invalid, "the token's URI is too long");
    if (uri.substr(0, scheme.size()) != scheme) return wrong(uri, "does not begin with pkcs11:");
    std::string_view left = uri.substr(scheme.size());
    if (left.find('?') != std::string_view::npos)
        return wrong(uri, "has a query; a PIN comes from pkcs11.pin_file alone");
    TokenUri meant;
    while (!left.empty()) {
        const std::size_t end = std::min(left.find(';'), left.size());
        HOLDFAST_CHECK(read_attribute(uri, left.substr(0, end), meant));
        if (end + 1 == left.size()) return wrong(uri, "ends with a semicolon");
        left.remove_prefix(std::min(end + 1, left.size()));
    }
    return meant;
}

bool means(const TokenUri& uri, const TokenNames& token) noexcept {
    return is_as_given(uri.token, token.label) && is_as_given(uri.serial, token.serial) &&
           is_as_given(uri.manufacturer, token.manufacturer) && is_as_given(uri.model, token.model);
}

std::string uri_of(const TokenNames& token) {
    std::string uri(scheme);
    const auto add = [&uri](const char* name, const std::string& value) {
        if (value.empty()) return;
        if (uri.size() > scheme.size()) uri.push_back(';');
        uri.append(name).append("=").append(encoded(value));
    };
    add("token", token.label);
    add("serial", token.serial);
    add("manufacturer", token.manufacturer);
    add("model", token.model);
    return uri;
}

std::string text_of(const TokenNames& token) {
    return "'" + token.label + "' (serial " + token.serial + ", " + token.manufacturer + ", " +
           token.model + ")";
}

}  // namespace holdfast::hsm::pkcs11
