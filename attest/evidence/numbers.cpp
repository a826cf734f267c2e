#include "attest/evidence/numbers.h"

#include "core/encode/base64.h"

namespace holdfast::attest {

std::string hex_of(std::uint64_t value) {
    Bytes bytes;
    for (int shift = 56; shift >= 0; shift -= 8)
        bytes.push_back(static_cast<std::uint8_t>(value >> static_cast<unsigned>(shift)));
    return encode::hex(bytes);
}

Result<std::uint64_t> number_from_hex(encode::Fields& fields, std::string_view name) {
    HOLDFAST_TRY(text, fields.text(name, 16));
    HOLDFAST_TRY(bytes, encode::from_hex(text));
    if (bytes.size() != 8)
        return Error(Code::invalid, "evidence." + std::string(name) + ": must be 16 hex digits");
    std::uint64_t value = 0;
    for (const std::uint8_t byte : bytes)
        value = value << 8U | byte;
    return value;
}

}  // namespace holdfast::attest
