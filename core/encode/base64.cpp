#include "core/encode/base64.h"

#include <algorithm>
#include <array>

namespace holdfast::encode {
namespace {

constexpr std::string_view plain_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view url_alphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::string_view hex_digits = "0123456789abcdef";
constexpr std::uint8_t no_digit = 0xff;

using Values = std::array<std::uint8_t, 256>;

constexpr Values values_of(std::string_view alphabet) {
    Values values{};
    values.fill(no_digit);
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<std::uint8_t>(alphabet[i])] = static_cast<std::uint8_t>(i);
    return values;
}
constexpr Values plain_values = values_of(plain_alphabet);
constexpr Values url_values = values_of(url_alphabet);
constexpr Values hex_values = values_of(hex_digits);

// Three bytes are four digits; the last one or two are two or three.
std::string encoded(ByteView bytes, std::string_view alphabet) {
    std::string text((bytes.size() * 4 + 2) / 3, '\0');
    auto* digit = text.data();
    const auto put = [&](std::uint32_t bits, int digits) {
        for (int shift = 18; digits > 0; --digits, shift -= 6)
            *digit++ = alphabet[(bits >> shift) & 0x3f];
    };
    std::size_t at = 0;
    for (; at + 3 <= bytes.size(); at += 3)
        put((std::uint32_t{bytes[at]} << 16) | (std::uint32_t{bytes[at + 1]} << 8) | bytes[at + 2],
            4);
    if (bytes.size() - at == 2)
        put((std::uint32_t{bytes[at]} << 16) | (std::uint32_t{bytes[at + 1]} << 8), 3);
    if (bytes.size() - at == 1) put(std::uint32_t{bytes[at]} << 16, 2);
    return text;
}

// Digits only, no padding. One left-over digit or non-zero left-over bits would give several texts
// for one value.
Result<Bytes> decoded(std::string_view digits, const Values& values) {
    if (digits.size() % 4 == 1) return Error(Code::invalid, "base64: impossible length");
    Bytes bytes(digits.size() * 3 / 4);
    auto* byte = bytes.data();
    std::uint32_t bits = 0;
    int count = 0;
    for (const char digit : digits) {
        const std::uint8_t value = values[static_cast<std::uint8_t>(digit)];
        if (value == no_digit)
            return Error(Code::invalid, "base64: character outside the alphabet");
        bits = (bits << 6) | value;
        count += 6;
        if (count < 8) continue;
        count -= 8;
        *byte++ = static_cast<std::uint8_t>(bits >> count);
    }
    if ((bits & ((1U << count) - 1)) != 0)
        return Error(Code::invalid, "base64: trailing bits are not zero");
    return bytes;
}

}  // namespace

std::string base64(ByteView bytes) {
    std::string text = encoded(bytes, plain_alphabet);
    text.append((4 - text.size() % 4) % 4, '=');
    return text;
}

std::string base64url(ByteView bytes) {
    return encoded(bytes, url_alphabet);
}

std::string hex(ByteView bytes) {
    std::string text;
    text.reserve(bytes.size() * 2);
    for (const std::uint8_t byte : bytes) {
        text.push_back(hex_digits[byte >> 4]);
        text.push_back(hex_digits[byte & 0x0f]);
    }
    return text;
}

Result<Bytes> from_base64(std::string_view text) {
    if (text.size() % 4 != 0) return Error(Code::invalid, "base64: wrong padding");
    if (text.ends_with("==")) {
        text.remove_suffix(2);
    } else if (text.ends_with('=')) {
        text.remove_suffix(1);
    }
    // What is left after the padding decides whether the padding was the right one: "A===" leaves
    // "A=" and '=' is no digit.
    return decoded(text, plain_values);
}

Result<Bytes> from_base64url(std::string_view text) {
    return decoded(text, url_values);
}

Result<Bytes> from_hex(std::string_view text) {
    if (text.size() % 2 != 0) return Error(Code::invalid, "hex: odd number of digits");
    Bytes bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i < text.size(); i += 2) {
        const std::uint8_t high = hex_values[static_cast<std::uint8_t>(text[i])];
        const std::uint8_t low = hex_values[static_cast<std::uint8_t>(text[i + 1])];
        if (high == no_digit || low == no_digit)
            return Error(Code::invalid, "hex: not a lower-case hex digit");
        bytes.push_back(static_cast<std::uint8_t>((high << 4) | low));
    }
    return bytes;
}

Result<Sha256> sha256_from_hex(std::string_view text) {
    Sha256 digest{};
    if (text.size() != digest.size() * 2)
        return Error(Code::invalid, "must be 64 lower-case hex digits (SHA-256)");
    HOLDFAST_TRY(bytes, from_hex(text));
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
}

}  // namespace holdfast::encode
