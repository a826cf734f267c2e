// UTF-8 (RFC 3629), one character at a time.
#ifndef HOLDFAST_CORE_ENCODE_UTF8_H
#define HOLDFAST_CORE_ENCODE_UTF8_H

#include <string_view>

namespace holdfast::encode {

// Bytes of the well-formed character at the start of text; 0 when there is none: overlong forms,
// surrogates, values past U+10FFFF, cut sequences (Unicode 15, table 3-7).
std::size_t utf8_length(std::string_view text) noexcept;

bool is_utf8(std::string_view text) noexcept;

}  // namespace holdfast::encode

#endif  // HOLDFAST_CORE_ENCODE_UTF8_H
