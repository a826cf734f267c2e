#include "core/crypto/der.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <string>

#include "core/crypto/openssl.h"

namespace holdfast::crypto::der {
namespace {

void append_length(Bytes& out, std::size_t length) {
    if (length < 0x80) {
        out.push_back(static_cast<std::uint8_t>(length));
        return;
    }
    std::array<std::uint8_t, sizeof length> octets{};
    std::size_t count = 0;
    for (std::size_t rest = length; rest != 0; rest >>= 8)
        octets.at(count++) = static_cast<std::uint8_t>(rest);
    out.push_back(static_cast<std::uint8_t>(0x80 | count));
    while (count > 0)
        out.push_back(octets.at(--count));
}

}  // namespace

Bytes value(std::uint8_t tag, std::initializer_list<ByteView> contents) {
    std::size_t length = 0;
    for (const ByteView content : contents)
        length += content.size();
    Bytes out{tag};
    append_length(out, length);
    for (const ByteView content : contents)
        out.insert(out.end(), content.begin(), content.end());
    return out;
}

Bytes value(std::uint8_t tag, ByteView content) {
    return value(tag, {content});
}

Bytes unsigned_integer(ByteView big_endian) {
    const auto first =
        std::find_if(big_endian.begin(), big_endian.end(), [](std::uint8_t b) { return b != 0; });
    Bytes content(first, big_endian.end());
    // An empty content is no INTEGER, and a set top bit would make it negative (X.690, 8.3).
    if (content.empty() || (content.front() & 0x80) != 0) content.insert(content.begin(), 0);
    return value(integer, content);
}

Bytes bits(ByteView bytes) {
    const std::uint8_t unused = 0;
    return value(bit_string, {ByteView(&unused, 1), bytes});
}

Bytes time(std::int64_t seconds) {
    const auto when = static_cast<std::time_t>(seconds);
    std::tm utc{};
    (void)::gmtime_r(&when, &utc);
    std::array<char, 32> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y%m%d%H%M%SZ", &utc);
    const std::string_view whole(text.data(), size);
    const bool two_digits = utc.tm_year < 150;  // counted from 1900
    if (two_digits) return value(utc_time, view_of(whole.substr(2)));
    return value(generalized_time, view_of(whole));
}

Bytes oid(const char* dotted) {
    const Openssl<ASN1_OBJECT, ::ASN1_OBJECT_free> object(::OBJ_txt2obj(dotted, 1));
    if (object == nullptr) std::abort();
    return der_of(object.get(), ::i2d_ASN1_OBJECT);
}

}  // namespace holdfast::crypto::der
