#include "core/encode/utf8.h"

#include <cstdint>

namespace holdfast::encode {
namespace {

struct Lead {
    std::size_t length;      // 0: not a lead byte
    std::uint8_t low, high;  // what the second byte may be
};

Lead lead_of(std::uint8_t byte) noexcept {
    if (byte < 0x80) return {1, 0, 0};
    if (byte < 0xc2) return {0, 0, 0};
    if (byte < 0xe0) return {2, 0x80, 0xbf};
    if (byte == 0xe0) return {3, 0xa0, 0xbf};
    if (byte == 0xed) return {3, 0x80, 0x9f};
    if (byte < 0xf0) return {3, 0x80, 0xbf};
    if (byte == 0xf0) return {4, 0x90, 0xbf};
    if (byte < 0xf4) return {4, 0x80, 0xbf};
    if (byte == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

}  // namespace

std::size_t utf8_length(std::string_view text) noexcept {
    if (text.empty()) return 0;
    const Lead lead = lead_of(static_cast<std::uint8_t>(text[0]));
    if (lead.length <= 1) return lead.length;
    if (text.size() < lead.length) return 0;
    const auto second = static_cast<std::uint8_t>(text[1]);
    if (second < lead.low || second > lead.high) return 0;
    for (std::size_t i = 2; i < lead.length; ++i)
        if ((static_cast<std::uint8_t>(text[i]) & 0xc0) != 0x80) return 0;
    return lead.length;
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        if (length == 0) return false;
        text.remove_prefix(length);
    }
    return true;
}

}  // namespace holdfast::encode
