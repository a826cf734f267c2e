#include "policy/cedar/strings.h"

#include <cstdint>
#include <optional>

namespace holdfast::policy::cedar {
namespace {

std::optional<std::uint32_t> hex_digit(char c) {
    if (c >= '0' && c <= '9') return static_cast<std::uint32_t>(c - '0');
    if (c >= 'a' && c <= 'f') return static_cast<std::uint32_t>(c - 'a') + 10;
    if (c >= 'A' && c <= 'F') return static_cast<std::uint32_t>(c - 'A') + 10;
    return std::nullopt;
}

void append_utf8(std::string& out, std::uint32_t code) {
    const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
    const auto rest = [&](unsigned shift) { byte(0x80U | ((code >> shift) & 0x3FU)); };
    if (code < 0x80) return byte(code);
    if (code < 0x800) {
        byte(0xC0U | (code >> 6U));
    } else if (code < 0x10000) {
        byte(0xE0U | (code >> 12U));
        rest(6);
    } else {
        byte(0xF0U | (code >> 18U));
        rest(12);
        rest(6);
    }
    rest(0);
}

// Reads the characters of a string one after the other.
class Characters {
  public:
    explicit Characters(std::string_view raw) : rest_(raw) {}

    bool at_end() const { return rest_.empty(); }

    bool take(std::string_view expected) {
        if (!rest_.starts_with(expected)) return false;
        rest_.remove_prefix(expected.size());
        return true;
    }

    // Appends the next one, an escape or not.
    Done next(std::string& out) {
        if (take("\\")) return escape(out);
        if (rest_.front() == '\r')
            return Error(Code::invalid, "a bare carriage return in a string");
        out += rest_.front();
        rest_.remove_prefix(1);
        return done();
    }

  private:
    Done escape(std::string& out) {
        static constexpr std::string_view letters = "nrt0\\\"'";
        static constexpr std::string_view meanings("\n\r\t\0\\\"'", 7);
        const char letter = rest_.empty() ? '\n' : rest_.front();
        const std::size_t known = letters.find(letter);
        if (known == std::string_view::npos && letter != 'x' && letter != 'u')
            return Error(Code::invalid, "an unknown escape in a string");
        rest_.remove_prefix(1);
        if (letter == 'x') return byte(out);
        if (letter == 'u') return code_point(out);
        out += meanings[known];
        return done();
    }

    Done byte(std::string& out) {
        std::uint32_t value = 0;
        for (std::size_t i = 0; i < 2; ++i) {
            const auto digit = i < rest_.size() ? hex_digit(rest_[i]) : std::nullopt;
            if (!digit) return Error(Code::invalid, "\\x takes two hex digits");
            value = value * 16 + *digit;
        }
        if (value > 0x7F) return Error(Code::invalid, "\\x ends at 7F; \\u{…} goes further");
        rest_.remove_prefix(2);
        out += static_cast<char>(value);
        return done();
    }

    Done code_point(std::string& out) {
        static constexpr const char* form = "\\u takes 1 to 6 hex digits in braces";
        if (!take("{") || rest_.starts_with('_')) return Error(Code::invalid, form);
        std::uint32_t value = 0;
        std::size_t digits = 0;
        while (!take("}")) {
            if (take("_")) continue;
            const auto digit = rest_.empty() ? std::nullopt : hex_digit(rest_.front());
            if (!digit || ++digits > 6) return Error(Code::invalid, form);
            value = value * 16 + *digit;
            rest_.remove_prefix(1);
        }
        if (digits == 0) return Error(Code::invalid, form);
        if (value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
            return Error(Code::invalid, "\\u names no character");
        append_utf8(out, value);
        return done();
    }

    std::string_view rest_;
};

}  // namespace

Result<std::string> unescape(std::string_view raw) {
    std::string text;
    for (Characters characters(raw); !characters.at_end();)
        HOLDFAST_CHECK(characters.next(text));
    return text;
}

Result<std::vector<std::string>> pattern_parts(std::string_view raw) {
    std::vector<std::string> parts(1);
    for (Characters characters(raw); !characters.at_end();) {
        if (characters.take("\\*")) {
            parts.back() += '*';
            continue;
        }
        std::string next;
        HOLDFAST_CHECK(characters.next(next));
        if (next == "*")
            parts.emplace_back();
        else
            parts.back() += next;
    }
    return parts;
}

bool matches(const std::vector<std::string>& parts, std::string_view text) noexcept {
    if (parts.size() == 1) return text == parts.front();
    if (!text.starts_with(parts.front())) return false;
    text.remove_prefix(parts.front().size());
    if (!text.ends_with(parts.back())) return false;
    text.remove_suffix(parts.back().size());
    // The earliest place leaves most room for what follows.
    for (std::size_t i = 1; i + 1 < parts.size(); ++i) {
        const std::size_t found = text.find(parts[i]);
        if (found == std::string_view::npos) return false;
        text.remove_prefix(found + parts[i].size());
    }
    return true;
}

}  // namespace holdfast::policy::cedar
