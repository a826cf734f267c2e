// DER (X.690), writing only: the few forms a certificate of ours is made of.
#ifndef HOLDFAST_CORE_CRYPTO_DER_H
#define HOLDFAST_CORE_CRYPTO_DER_H

#include <cstdint>
#include <initializer_list>

#include "holdfast/bytes.h"

namespace holdfast::crypto::der {

enum Tag : std::uint8_t {
    boolean = 0x01,
    integer = 0x02,
    bit_string = 0x03,
    octet_string = 0x04,
    null = 0x05,
    enumerated = 0x0a,
    utf8_string = 0x0c,
    printable_string = 0x13,
    utc_time = 0x17,
    generalized_time = 0x18,
    sequence = 0x30,
    set = 0x31,
};
constexpr std::uint8_t context(std::uint8_t number) {  // [n], primitive
    return static_cast<std::uint8_t>(0x80 | number);
}
constexpr std::uint8_t constructed(std::uint8_t number) {  // [n], constructed
    return static_cast<std::uint8_t>(0xa0 | number);
}

Bytes value(std::uint8_t tag, std::initializer_list<ByteView> contents);
Bytes value(std::uint8_t tag, ByteView content);

// Unsigned, big-endian, any leading zeros.
Bytes unsigned_integer(ByteView big_endian);

// Whole bytes: no unused bits.
Bytes bits(ByteView bytes);

// RFC 5280 §4.1.2.5: UTCTime up to 2049, GeneralizedTime from 2050. Unix seconds, 0 and above.
Bytes time(std::int64_t seconds);

// OBJECT IDENTIFIER from its dotted form, which must be one of ours: a wrong one ends the process.
Bytes oid(const char* dotted);

}  // namespace holdfast::crypto::der

#endif  // HOLDFAST_CORE_CRYPTO_DER_H
